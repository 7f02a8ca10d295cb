import { assert, assertEquals, assertThrows } from "@std/assert";
import { openFilesPerThread } from "../../raster/open_file_budget.ts";
import { openByteSource } from "../../raster/source/byte_source.ts";
import { FileHandles } from "../../raster/source/file_handles.ts";
import { InputChangedError } from "../../raster/source/version.ts";
import { tempFolder } from "../gdal.ts";
import { makeRaster, readRaster } from "./apply_support.ts";

const INPUTS = 150;

/** Files of one byte each, that of file n being n. */
function numberedFiles(folder: { file(name: string): string }, count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const path = folder.file(`${n}.bin`);
    Deno.writeFileSync(path, Uint8Array.of(n));
    return path;
  });
}

Deno.test("of many sources no more files are open than allowed, and each is opened again when it is read", async () => {
  using folder = tempFolder();
  const handles = new FileHandles(3);
  const paths = numberedFiles(folder, 10);
  const sources = await Promise.all(paths.map((path) => openByteSource(path, { handles })));
  for (let round = 0; round < 3; round++) {
    for (const [n, source] of sources.entries()) {
      assertEquals([...await source.read(0, 1)], [n]);
      assert(handles.size <= 3);
    }
  }
  for (const source of sources) await source[Symbol.asyncDispose]();
  assertEquals(handles.size, 0);
});

Deno.test("the file that was not used for longest is closed first", () => {
  using folder = tempFolder();
  const handles = new FileHandles(2);
  const opened: string[] = [];
  const [a, b, c] = numberedFiles(folder, 3).map((path) => {
    const owner = {};
    return () =>
      handles.get(owner, () => {
        opened.push(path.at(-5)!);
        return Deno.openSync(path);
      });
  }) as (() => Deno.FsFile)[];
  for (const use of [a!, b!, a!, c!, a!, b!]) use();
  assertEquals(opened.join(""), "0121");
  // The last two, which nothing else closes.
  for (const use of [a!, b!]) use().close();
});

Deno.test("at the system's limit half of the files are closed, and fewer are kept from then on", () => {
  using folder = tempFolder();
  const handles = new FileHandles(100);
  const [first] = numberedFiles(folder, 1);
  const owners = Array.from({ length: 40 }, () => ({}));
  let limit = 20;
  const open = () => {
    if (handles.size >= limit) throw Object.assign(new Error("Too many open files"), { code: "EMFILE" });
    return Deno.openSync(first!);
  };
  for (const owner of owners) handles.get(owner, open);
  assert(handles.size <= 10, String(handles.size));
  for (const owner of owners) handles.close(owner);
  limit = 0;
  assertThrows(() => handles.get({}, open), Error, "Too many open files");
});

Deno.test("a file that is another one when it is opened again has changed", async () => {
  using folder = tempFolder();
  const handles = new FileHandles(1);
  const [path, other] = numberedFiles(folder, 2) as [string, string];
  await using source = await openByteSource(path, { handles });
  await using _other = await openByteSource(other, { handles });
  Deno.writeFileSync(path, Uint8Array.of(1, 2));
  assertThrows(() => void source.read(0, 1), InputChangedError, `'${path}' has changed since the run began`);
});

Deno.test("threads of one process share its limit of open files, and some are left for the rest", () => {
  assertEquals(openFilesPerThread({ limit: 1024, threads: 8, areHere: true }), 112);
  assertEquals(openFilesPerThread({ limit: 1_000_000, threads: 8, areHere: true }), 124_984);
  // What another machine allows is not known here.
  assertEquals(openFilesPerThread({ limit: 1_000_000, threads: 2, areHere: false }), 448);
  assertEquals(openFilesPerThread({ limit: 64, threads: 2, areHere: true }), 16);
  assertEquals(openFilesPerThread({ limit: Infinity, threads: 4, areHere: true }), Infinity);
  assertEquals(openFilesPerThread({ limit: 256, threads: 1000, areHere: true }), 4);
});

for (const kind of ["CW_NONE", "CW_THREADS", "CW_SUBPROC"]) {
  Deno.test({
    name: `${kind}: more inputs than files may be open are read (needs a POSIX shell)`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      using inputs = tempFolder();
      using folder = tempFolder();
      for (let n = 0; n < INPUTS; n++) {
        makeRaster(inputs.file(`${n}.tif`), {
          width: 40,
          height: 40,
          seed: n,
          options: ["COMPRESS=DEFLATE"],
        });
      }
      const program = new URL("many_inputs_at_limit.ts", import.meta.url).href;
      const script = `ulimit -n 120 && exec "$0" run --no-lock -A "$@"`;
      const { success, stdout, stderr } = await new Deno.Command("sh", {
        args: ["-c", script, Deno.execPath(), program, inputs.path, folder.file("sum.tif"), kind],
        stdout: "piped",
        stderr: "piped",
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      assertEquals(new TextDecoder().decode(stdout).trim(), "9");
      const sum = new Float64Array(40 * 40);
      for (let n = 0; n < INPUTS; n++) {
        const { pixels } = await readRaster(inputs.file(`${n}.tif`));
        for (let i = 0; i < sum.length; i++) sum[i]! += Number(pixels[i]);
      }
      assertEquals((await readRaster(folder.file("sum.tif"))).pixels, sum);
    },
  });
}
