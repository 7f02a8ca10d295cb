import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { livenessOf, ownIdentity } from "../../core/process_identity.ts";
import { tempFolder } from "../gdal.ts";
import { assertSamePixels, makeRaster, readRaster } from "../raster/apply_support.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** The flags with which docs/security.md starts the program. */
function documentedFlags(): string[] {
  const page = Deno.readTextFileSync(`${ROOT}docs/security.md`);
  return /^deno run (.*) cli\/main\.ts apply/m.exec(page)![1]!.split(" ");
}

async function deno(args: readonly string[], cwd: string): Promise<{ code: number; said: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    ...{ args: ["run", "--no-prompt", ...args], cwd },
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  });
  const { code, stdout, stderr } = await command.output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

for (const kind of [["CW_NONE"], ["CW_THREADS", "--workers", "2"]]) {
  Deno.test(`${kind[0]}: a program with the few permissions of docs/security.md computes right pixels`, async () => {
    using folder = tempFolder();
    Deno.mkdirSync(folder.file("out"));
    const { pixels } = makeRaster(folder.file("in.tif"), { width: 100, height: 70 });
    Deno.writeTextFileSync(
      folder.file("same.ts"),
      "export default (_info, { img }, outputs) => { outputs.out = img; };",
    );
    const job = ["apply", "same.ts", "--in", "img=in.tif", "--out", "out=out/out.tif", "--kind", ...kind];
    const { code, said } = await deno([...documentedFlags(), `${ROOT}cli/main.ts`, ...job], folder.path);
    assertEquals(code, 0, said);
    assertSamePixels((await readRaster(folder.file("out/out.tif"))).pixels, pixels, kind[0]!);
    assertEquals([...Deno.readDirSync(folder.file("out"))].map(({ name }) => name), ["out.tif"]);
  });
}

Deno.test("a program that may not look at processes takes none for dead, and neither is it taken for dead", async () => {
  const module = new URL("../../core/process_identity.ts", import.meta.url).href;
  const script = `import { livenessOf, ownIdentity } from ${JSON.stringify(module)};
    console.log(JSON.stringify([ownIdentity(), livenessOf(ownIdentity(), new Date())]));`;
  const url = `data:text/javascript,${encodeURIComponent(script)}`;
  const { said } = await deno(["--allow-read", "--allow-sys", url], ROOT);
  assertMatch(said, /"unknown"\]$/m);
  const [hidden] = JSON.parse(said.trim());
  assertEquals(livenessOf({ ...hidden, pid: 2 ** 22 + 1 }, new Date()), "unknown");
  assert(Deno.build.os !== "linux" || livenessOf(ownIdentity(), new Date()) === "live");
});
