import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { filesIn, makeRaster } from "../raster/apply_support.ts";
import { tempFolder } from "../gdal.ts";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));

async function run(args: readonly string[], wrapper: readonly string[] = []) {
  const [program, ...rest] = [...wrapper, Deno.execPath(), "run", "-A", MAIN, ...args];
  const { code, stdout, stderr } = await new Deno.Command(program!, { args: rest }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "results that can't be written to standard output are an error in one line",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const args of [["kinds"], ["kinds", "--json"]]) {
      const { code, err } = await run(args, ["sh", "-c", `exec "$0" "$@" > /dev/full`]);
      assertEquals(code, 1, err);
      assertMatch(err, /^blockfleet: Cannot write to standard output: .*No space left on device.*\n$/);
    }
  },
});

Deno.test("what a user function leaves uncaught in the main thread is an error in one line, and leaves nothing", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("scene.tif"), { width: 80, height: 60 });
  for (
    const leave of [`setTimeout(() => { throw new Error("late") })`, `Promise.reject(new Error("late"))`]
  ) {
    Deno.writeTextFileSync(
      folder.file("careless.ts"),
      `export default async () => { ${leave}; await new Promise((done) => setTimeout(done, 10_000)); };`,
    );
    const { code, out, err } = await run([
      ...["apply", folder.file("careless.ts"), "--in", `img=${folder.file("scene.tif")}`],
      ...["--out", `out=${folder.file("out.tif")}`, "--kind", "CW_NONE", "--json", "--quiet"],
    ]);
    assertEquals([code, JSON.parse(out).ok], [1, false], err);
    assertMatch(err, /^blockfleet: Nobody caught Error: late: .*\n$/);
    assertEquals(filesIn(folder.path), ["careless.ts", "scene.tif"]);
  }
});
