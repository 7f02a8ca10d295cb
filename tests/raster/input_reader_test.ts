import { assert, assertEquals, assertRejects } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { InputReader, packInputs, unpackInputs } from "../../raster/input_reader.ts";
import type { InputFile, InputPlan } from "../../raster/raster_job.ts";
import { tempFolder } from "../gdal.ts";
import { assertSamePixels, makeRaster, type RasterSpec, readRaster } from "./apply_support.ts";

async function planOf(path: string, spec: RasterSpec, changes: Partial<InputFile> = {}): Promise<InputPlan> {
  makeRaster(path, spec);
  const { info } = await readRaster(path);
  const file: InputFile = {
    ...{ location: path, openAs: path, server: undefined, beside: undefined },
    ...{ width: info.width, height: info.height, dataType: info.dataType },
    ...{ offset: { col: 0, row: 0 }, layers: [1], nodata: [info.nodata], bandNodata: undefined },
    version: info.version,
    tiles: {
      ...{ tiled: info.tiled, width: info.tileWidth, height: info.tileHeight, bands: info.bands },
      ...{ planar: info.interleave === "BAND", compression: info.compression },
    },
    ...changes,
  };
  return { name: "img", isList: false, files: [file] };
}

Deno.test("a block lies where its offset says, with nodata on all sides", async () => {
  using folder = tempFolder();
  const spec = { width: 6, height: 5, nodata: 9999, holes: 0 };
  const plan = await planOf(folder.file("a.tif"), spec, { offset: { col: -2, row: -1 } });
  await using reader = new InputReader([plan], 1);
  const [block] = await reader.read({ left: 0, top: 0, ncols: 8, nrows: 6 });
  const image = await readRaster(folder.file("a.tif"));
  assertEquals([block!.rows, block!.cols, block!.bands, block!.nodata], [8, 10, 1, 9999]);
  for (let row = 0; row < 8; row++) {
    for (let col = 0; col < 10; col++) {
      const [y, x] = [row - 2, col - 3];
      const inside = y >= 0 && y < 5 && x >= 0 && x < 6;
      assertEquals(block!.data[row * 10 + col], inside ? image.pixels[y * 6 + x] : 9999);
    }
  }
});

Deno.test("a block that does not touch its file does not even open it", async () => {
  using folder = tempFolder();
  const plan = await planOf(folder.file("a.tif"), { width: 6, height: 5, nodata: 3 });
  Deno.removeSync(folder.file("a.tif"));
  await using reader = new InputReader([plan], 0);
  const [block] = await reader.read({ left: 6, top: 0, ncols: 2, nrows: 2 });
  assertEquals(block!.data, Uint16Array.of(3, 3, 3, 3));
  await assertRejects(async () => await reader.read({ left: 5, top: 4, ncols: 2, nrows: 2 }), RasterError);
});

Deno.test("a file that is not the one that was planned with is refused", async () => {
  using folder = tempFolder();
  const plan = await planOf(folder.file("a.tif"), { width: 6, height: 5 }, { version: "another" });
  await using reader = new InputReader([plan], 0);
  await assertRejects(
    async () => await reader.read({ left: 0, top: 0, ncols: 2, nrows: 2 }),
    RasterError,
    "a.tif' has changed since the run began",
  );
});

Deno.test("only inputs on servers count as remote", async () => {
  using folder = tempFolder();
  const plan = await planOf(folder.file("a.tif"), { width: 6, height: 5 });
  const [file] = plan.files;
  await using local = new InputReader([plan], 0);
  await using remote = new InputReader([{ ...plan, files: [{ ...file!, location: "https://h/a.tif" }] }], 0);
  assertEquals([local.remote, remote.remote], [false, true]);
});

Deno.test("blocks come back from their packed form, at whatever offset their parts lie", async () => {
  using folder = tempFolder();
  const spec = { width: 6, height: 5, bands: 2, dataType: "float64", nodata: NaN } as const;
  const plan = await planOf(folder.file("a.tif"), spec, { layers: [2, 1] });
  await using reader = new InputReader([plan], 1);
  const blocks = await reader.read({ left: 0, top: 0, ncols: 6, nrows: 5 });
  const packed = packInputs(blocks);
  const shifted = packed.parts.map((part) => {
    const larger = new Uint8Array(part.length + 3);
    larger.set(part, 3);
    return larger.subarray(3);
  });
  for (const parts of [packed.parts, shifted]) {
    const [back] = unpackInputs({ header: structuredClone(packed.header), parts }, [plan]);
    assertSamePixels(back!.data, blocks[0]!.data, "data");
    assert(Number.isNaN(back!.nodata));
    assertEquals([back!.bands, back!.rows, back!.cols], [2, 7, 8]);
  }
});

Deno.test("a file that could not be opened for one block is opened for another", async () => {
  using folder = tempFolder();
  const path = folder.file("a.tif");
  const plan = await planOf(path, { width: 6, height: 5 });
  await using reader = new InputReader([plan], 0);
  const block = { left: 0, top: 0, ncols: 2, nrows: 2 };
  Deno.renameSync(path, folder.file("away.tif"));
  await assertRejects(() => reader.read(block), RasterError, "there is no such file");
  Deno.renameSync(folder.file("away.tif"), path);
  assertEquals((await reader.read(block))[0]!.rows, 2);
});

Deno.test({
  name:
    "of many inputs those that no block has touched for a while are closed, and opened again where one does (needs /proc)",
  ignore: Deno.build.os !== "linux",
}, async () => {
  using folder = tempFolder();
  const count = 150;
  const plans = await Promise.all(
    Array.from(
      { length: count },
      (_, n) =>
        planOf(folder.file(`${n}.tif`), { width: 4, height: 4, seed: n }, {
          offset: { col: -4 * n, row: 0 },
        }),
    ),
  );
  const openHere = () =>
    [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(folder.path);
      } catch {
        // The handle of this very listing.
        return false;
      }
    }).length;
  await using reader = new InputReader(plans, 0);
  let most = 0;
  for (const n of [...Array(count).keys(), 0, 1, count - 1]) {
    const blocks = await reader.read({ left: 4 * n, top: 0, ncols: 4, nrows: 4 });
    assertSamePixels(blocks[n]!.data, (await readRaster(folder.file(`${n}.tif`))).pixels, `input ${n}`);
    most = Math.max(most, openHere());
  }
  assert(most < 130, `${most} of ${count} inputs were open at a time`);
});
