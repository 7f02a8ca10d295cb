import { assert, assertEquals, assertRejects } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { MemorySource } from "./memory_source.ts";
import { buildTiff, imageFields } from "./tiny_tiff.ts";

/**
 * A strip that libtiff 4.7 wrote of 5 x 6 pixels of 3 float32 bands, 0 to 89 band by band. NaN are in rows 1 and 2, columns 1
 * to 3, of band 1, and in row 4 of band 2: GDAL before 3.9 can't write or read that.
 */
const MASK_A_BAND = [
  "TGVyYzIgBAAAACT261AGAAAABQAAAAEAAAAYAAAACAAAALcAAAAGAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD1ACAAAAAQA/GP//wCAAAAAAAAA6EEB",
  "AAAAAAAAgD8AAABAAABAQAAAgEAAAKBAAAAQQQAAIEEAAGBBAABwQQAAgEEAAIhBAACQQQAAmEEAAKBBAACoQQAAsEEAALhBAADAQQAAyEEAANBBAADY",
  "QQAA4EEAAOhBTGVyYzIgBAAAAMxKawYGAAAABQAAAAEAAAAZAAAACAAAALsAAAAGAAAAAAAAAAAAAAAAAAAAAAA+QAAAAAAAgE1ACAAAAAQA///wfwCA",
  "AADwQQAAbEIBAADwQQAA+EEAAABCAAAEQgAACEIAAAxCAAAQQgAAFEIAABhCAAAcQgAAIEIAACRCAAAoQgAALEIAADBCAAA0QgAAOEIAADxCAABAQgAA",
  "REIAAFxCAABgQgAAZEIAAGhCAABsQkxlcmMyIAQAAACwlBIIBgAAAAUAAAABAAAAHgAAAAgAAADHAAAABgAAAAAAAAAAAAAAAAAAAAAATkAAAAAAAEBW",
  "QAAAAAAAAHBCAACyQgEAAHBCAAB0QgAAeEIAAHxCAACAQgAAgkIAAIRCAACGQgAAiEIAAIpCAACMQgAAjkIAAJBCAACSQgAAlEIAAJZCAACYQgAAmkIA",
  "AJxCAACeQgAAoEIAAKJCAACkQgAApkIAAKhCAACqQgAArEIAAK5CAACwQgAAskI=",
].join("");

function fileOf(strip: Uint8Array<ArrayBuffer>): MemorySource {
  const fields = imageFields({ width: 5, height: 6, bands: 3, bits: 32, format: 3 }, [
    [259, 3, [34887]],
    [50674, 4, [4, 0]],
  ]);
  return new MemorySource(buildTiff({ directories: [{ fields, chunks: [strip] }] }));
}

Deno.test("LERC with a mask for each band is read, NaN where each band has it", async () => {
  const expected = Float32Array.from({ length: 90 }, (_, i) => i);
  for (const row of [1, 2]) expected.fill(NaN, 5 * row + 1, 5 * row + 4);
  expected.fill(NaN, 30 + 20, 30 + 25);
  await using reader = await GeoTiffReader.openSource(fileOf(Uint8Array.fromBase64(MASK_A_BAND)));
  assertEquals(await reader.readWindow({ left: 0, top: 0, ncols: 5, nrows: 6 }), expected);
  assertEquals(
    await reader.readWindow({ left: 3, top: 4, ncols: 2, nrows: 1 }, { bands: [2, 3] }),
    Float32Array.of(NaN, NaN, 83, 84),
  );
});

Deno.test("a strip of LERC of which a band is missing, cut off or of another size is refused", async () => {
  const strip = Uint8Array.fromBase64(MASK_A_BAND);
  const lastBand = strip.length - 0xc7;
  const otherWidth = strip.slice();
  otherWidth[lastBand + 18] = 6;
  const cases: [string, Uint8Array<ArrayBuffer>][] = [
    ["it is no LERC data", strip.slice(0, lastBand)],
    ["bytes are announced", strip.slice(0, -1)],
    ["its bands are not alike", otherWidth],
  ];
  for (const [reason, damage] of cases) {
    await using reader = await GeoTiffReader.openSource(fileOf(damage));
    const read = () => reader.readWindow({ left: 0, top: 0, ncols: 5, nrows: 6 });
    const { message } = await assertRejects(read, RasterError);
    assert(message.includes(reason) && message.endsWith("; get a good copy of the file"), message);
  }
});
