import { assertRejects, assertThrows } from "@std/assert";
import { syncFolder, syncFolderSync } from "../../core/sync_folder.ts";

Deno.test({
  name: "a folder on a file system that can't sync folders is left as it is",
  // The one such file system that every Linux has.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await syncFolder("/proc");
    syncFolderSync("/proc");
  },
});

Deno.test("a folder that is not there is an error", async () => {
  const folder = await Deno.makeTempDir({ prefix: "blockfleet_sync_" });
  await syncFolder(folder);
  syncFolderSync(folder);
  await Deno.remove(folder);
  await assertRejects(() => syncFolder(folder), Deno.errors.NotFound);
  assertThrows(() => syncFolderSync(folder), Deno.errors.NotFound);
});
