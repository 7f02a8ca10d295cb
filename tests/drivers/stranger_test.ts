import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { loadDriverModule } from "../../core/registry.ts";
import { driverContract } from "../driver_contract.ts";

const path = fromFileUrl(new URL("../fakes/stranger_driver.ts", import.meta.url));
const driver = await loadDriverModule(path);

Deno.test("a stranger's driver is loaded from a path", () => {
  assertEquals(driver.kind, "CW_STRANGER");
});

await driverContract(driver);
