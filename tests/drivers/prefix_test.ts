import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { driver } from "../../examples/prefix_driver.ts";
import { driverContract } from "../driver_contract.ts";
import { makeRaster } from "../raster/apply_support.ts";
import { tempFolder } from "../gdal.ts";

const EXAMPLES = fromFileUrl(new URL("../../examples/", import.meta.url));
const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));

await driverContract(driver, { extraParams: { prefix: ["env"] } });

Deno.test("the example's driver is given on the command line with its own parameter", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("in.tif"), { width: 300, height: 300 });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--cached-only", MAIN, "apply", `${EXAMPLES}count_pixels.ts`, "--args", '{"above":1}'],
      ...[
        "--in",
        `img=${folder.file("in.tif")}`,
        "--driver",
        `${EXAMPLES}prefix_driver.ts`,
        "--workers",
        "2",
      ],
      ...["--param", 'prefix=["env"]', "--json", "-q"],
    ],
    stdin: "null",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { workers } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(workers, { kind: "CW_PREFIX", ran: 2, started: 2, lost: 0 });
});
