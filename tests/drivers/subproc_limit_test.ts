import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeRaster } from "../raster/apply_support.ts";
import { tempFolder } from "../gdal.ts";

Deno.test({
  name:
    "workers that the limit of open files has no room for are one line that says what to do, and none is left",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using folder = tempFolder();
    makeRaster(folder.file("scene.tif"), { width: 400, height: 400 });
    Deno.writeTextFileSync(
      folder.file("copy.ts"),
      "export default (_: any, { img }: any, o: any) => { o.out = img; };",
    );
    const main = new URL("../../cli/main.ts", import.meta.url).href;
    const args = ["--in", "img=scene.tif", "--out", "out=out.tif", "--window", "64x64", "--window-exact"];
    const { code, stderr } = await new Deno.Command("sh", {
      args: [
        ...["-c", `ulimit -n 60 && exec "$0" "$@"`, Deno.execPath(), "run", "-A", main, "apply", "copy.ts"],
        ...[...args, "--kind", "CW_SUBPROC", "--workers", "30"],
      ],
      cwd: folder.path,
      env: { NO_COLOR: "1" },
      ...{ stdin: "null", stdout: "null", stderr: "piped" },
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(code, 1, said);
    assertStringIncludes(said, "of 30 CW_SUBPROC workers could be started: too many files are open");
    assertStringIncludes(said, "ask for fewer, or raise ulimit -n");
    assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["copy.ts", "scene.tif"]);
  },
});
