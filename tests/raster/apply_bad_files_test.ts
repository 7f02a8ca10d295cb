import { assertEquals, assertRejects } from "@std/assert";
import { BlockfleetError, RasterError, WorkerError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import {
  assertFails,
  assertSamePixels,
  FED_THREADS,
  filesIn,
  makeRaster,
  readRaster,
  removeKeptBlocks,
  run,
  THREADS,
} from "./apply_support.ts";
import { smallDisk, smallDiskMissing } from "./small_disk.ts";

const BLOCKS = { windowxsize: 32, windowysize: 32, windowExact: true } as const;

const copy: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

Deno.test("inputs that are missing, no file, empty, no TIFF or cut short are refused by name", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, { width: 80, height: 60 });
  const bytes = Deno.readFileSync(scene);
  const write = (name: string, content: Uint8Array | string) => {
    if (typeof content === "string") Deno.writeTextFileSync(folder.file(name), content);
    else Deno.writeFileSync(folder.file(name), content);
    return folder.file(name);
  };
  Deno.writeTextFileSync(folder.file("out.tif"), "an older output");
  const cases = [
    [folder.file("none.tif"), "Cannot open", "none.tif", "no such file"],
    [folder.file("*.tif"), "there is no such file; * and ? are not replaced by files' names: list the files"],
    [folder.path, "Cannot open", "it is a folder"],
    [write("empty.tif", ""), "empty.tif"],
    [write("text.tif", "this is no raster at all, but a text"), "text.tif", "not a TIFF"],
    [write("short.tif", bytes.subarray(0, 6)), "short.tif"],
    [write("half.tif", bytes.subarray(0, bytes.length / 2)), "half.tif"],
    [write("nearly.tif", bytes.subarray(0, bytes.length - 1)), "nearly.tif"],
    ["ftp://example.com/a.tif", "ftp: URLs are not supported"],
  ] as const;
  for (const [img, ...says] of cases) {
    for (const concurrency of [{}, THREADS]) {
      for (const infiles of [{ img }, { img: [scene, img] }]) {
        const options = {
          userFunction: copy,
          infiles,
          outfiles: { out: folder.file("out.tif") },
          concurrency,
        };
        await assertFails(folder.path, options, { kind: RasterError, says });
      }
    }
    const controls = { reference: img };
    const options = { userFunction: copy, infiles: { img: scene }, outfiles: {}, controls };
    await assertFails(folder.path, options, { kind: RasterError, says });
  }
});

Deno.test("a tile that can't be decoded ends the run with its block and file named", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, { width: 80, height: 60, options: ["BLOCKXSIZE=32", "BLOCKYSIZE=32"] });
  const bytes = Deno.readFileSync(scene);
  // The tiles stand one after another behind the header; the directory is at the end.
  bytes.fill(0xff, 40, 400);
  Deno.writeFileSync(scene, bytes);
  Deno.writeTextFileSync(folder.file("out.tif"), "an older output");
  for (const concurrency of [{}, THREADS, FED_THREADS]) {
    await assertFails(folder.path, {
      ...{ userFunction: copy, infiles: { img: scene }, outfiles: { out: folder.file("out.tif") } },
      ...{ controls: BLOCKS, concurrency },
    }, { kind: WorkerError, says: ["block (", "on worker", "scene.tif'"], mayKeepBlocks: true });
  }
});

Deno.test("an input that is cut short in mid-run ends the run with its name", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  for (const concurrency of [{}, { ...THREADS, numComputeWorkers: 1 }]) {
    makeRaster(scene, { width: 32, height: 2000, options: ["COMPRESS=NONE", "TILED=NO", "BLOCKYSIZE=1"] });
    await assertRejects(
      () =>
        run({
          userFunction(info, { img }, outputs, { scene }) {
            if (info.isFirstBlock()) Deno.truncateSync(scene, 300);
            outputs.out = img;
          },
          ...{ infiles: { img: scene }, outfiles: { out: folder.file("out.tif") } },
          ...{ otherArgs: { scene }, controls: BLOCKS, concurrency },
        }),
      WorkerError,
      "scene.tif' is truncated",
    );
    removeKeptBlocks(folder.path);
    assertEquals(filesIn(folder.path), ["scene.tif"]);
  }
});

Deno.test("an input that is overwritten in mid-run ends the run, though every block could be read", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  for (const concurrency of [{}, THREADS]) {
    makeRaster(scene, { width: 80, height: 60 });
    await assertRejects(
      () =>
        run({
          userFunction(info, { img }, outputs, { scene }) {
            if (info.isLastBlock()) {
              using file = Deno.openSync(scene, { write: true, append: true });
              file.writeSync(Uint8Array.of(0));
            }
            outputs.out = img;
          },
          ...{ infiles: { img: scene }, outfiles: { out: folder.file("out.tif") } },
          ...{ otherArgs: { scene }, controls: BLOCKS, concurrency },
        }),
      // Seen at the end, or by a worker that opens its input late.
      BlockfleetError,
      "scene.tif' has changed since the run began: run it again",
    );
    assertEquals(filesIn(folder.path), ["scene.tif"]);
  }
});

Deno.test("an input that is removed once it is open is read to its end", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  const image = makeRaster(scene, { width: 80, height: 60 });
  await run({
    userFunction(info, { img }, outputs, { scene }) {
      if (info.isFirstBlock()) Deno.removeSync(scene);
      outputs.out = img;
    },
    ...{ infiles: { img: scene }, outfiles: { out }, otherArgs: { scene }, controls: BLOCKS },
  });
  assertSamePixels((await readRaster(out)).pixels, image.pixels, "out");
});

Deno.test("outputs whose folder is missing, is a file or can't be written to are refused by name", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, { width: 80, height: 60 });
  const cases = [
    [folder.file("none/out.tif"), "none' does not exist; make it first"],
    [folder.file("scene.tif/out.tif"), "scene.tif' is not a folder"],
    [folder.path, "it is a folder"],
    [folder.file(`${"x".repeat(300)}.tif`), "its name is too long"],
    ...Deno.build.os === "linux" ? [["/proc/blockfleet_out.tif", "Cannot write"]] : [],
  ] as [string, string][];
  if (Deno.build.os !== "windows") {
    Deno.symlinkSync("loop.tif", folder.file("loop.tif"));
    cases.push([folder.file("loop.tif"), "a symbolic link that leads nowhere"]);
  }
  for (const [out, ...says] of cases) {
    const options = {
      ...{ userFunction: copy, infiles: { img: scene }, outfiles: { first: folder.file("first.tif"), out } },
    };
    await assertFails(folder.path, options, { kind: RasterError, says: [out, ...says] });
  }
});

const skipped = smallDiskMissing === false ? "" : ` (skipped: ${smallDiskMissing})`;

Deno.test({
  name: `a full disk ends the run with the output named and nothing left${skipped}`,
  ignore: smallDiskMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    using disk = smallDisk(256 * 1024);
    const scene = folder.file("scene.tif");
    makeRaster(scene, { width: 400, height: 400, dataType: "uint32" });
    const out = `${disk.path}/out.tif`;
    Deno.writeTextFileSync(out, "an older output");
    for (const concurrency of [{}, THREADS]) {
      await assertFails(disk.path, {
        userFunction(_info, { img }, outputs) {
          outputs.elsewhere = outputs.out = img;
        },
        ...{ infiles: { img: scene }, outfiles: { elsewhere: folder.file("elsewhere.tif"), out } },
        ...{ controls: { ...BLOCKS, creationOptions: ["COMPRESS=NONE"] }, concurrency },
      }, {
        kind: RasterError,
        says: [`Cannot write '${out}'`, "no space left on device", "bytes more"],
        mayKeepBlocks: true,
      });
      removeKeptBlocks(folder.path);
      assertEquals(filesIn(folder.path), ["scene.tif"]);
    }
  },
});

Deno.test({
  name: `an output in a read-only folder is refused by name${skipped}`,
  ignore: smallDiskMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    using disk = smallDisk(256 * 1024, { readOnly: true });
    const scene = folder.file("scene.tif");
    makeRaster(scene, { width: 80, height: 60 });
    const out = `${disk.path}/out.tif`;
    const outfiles = { first: folder.file("first.tif"), out };
    await assertFails(folder.path, { userFunction: copy, infiles: { img: scene }, outfiles }, {
      ...{ kind: RasterError, says: [`Cannot write '${out}'`, "read-only"] },
    });
  },
});
