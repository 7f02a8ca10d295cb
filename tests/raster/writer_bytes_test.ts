import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError, RasterError } from "../../core/errors.ts";
import type { DataType } from "../../raster/data_type.ts";
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import { type GeoTiffSpec, GeoTiffWriter } from "../../raster/geotiff/geotiff_writer.ts";
import { encodeHeader, encodeIfd } from "../../raster/geotiff/ifd_writer.ts";
import { formatDouble, nodataText } from "../../raster/geotiff/nodata_text.ts";
import { makeOutputLayout } from "../../raster/geotiff/output_layout.ts";
import { TileEncoder } from "../../raster/geotiff/tile_encoder.ts";
import { fillValue } from "../../raster/nodata_pixel.ts";
import { writeError } from "../../raster/output/write_error.ts";
import { tempFolder } from "../gdal.ts";

function spec(options: string[], given: Partial<GeoTiffSpec> = {}, [width, height] = [40, 30]): GeoTiffSpec {
  const layout = makeOutputLayout(parseCreationOptions(options), {
    width: width!,
    height: height!,
    nodata: null,
  });
  return { layout, geotransform: null, geoKeys: null, ...given };
}

const TILES = ["COMPRESS=NONE", "BLOCKXSIZE=32", "BLOCKYSIZE=16"];
const WHOLE = { top: 0, left: 0, nrows: 30, ncols: 40 };

Deno.test("headers are as TIFF 6.0 and the BigTIFF proposal have them", () => {
  const hex = (bigTiff: boolean, offset: number) => encodeHeader({ bigTiff, offset }).toHex();
  assertEquals(hex(false, 0x12345678), "49492a00785634120000000000000000");
  assertEquals(hex(true, 0x123456789a), "49492b00080000009a78563412000000");
});

Deno.test("a directory has its tags in order, small values in it and the others behind it", () => {
  const entries = [
    { tag: 42113, type: "ASCII", values: "-9999" },
    { tag: 256, type: "LONG", values: [40] },
    { tag: 258, type: "SHORT", values: [8, 8] },
  ] as const;
  assertEquals(
    encodeIfd(entries, { bigTiff: false, offset: 0x100 }).toHex(),
    "0300" + "0001" + "0400" + "01000000" + "28000000" + "0201" + "0300" + "02000000" + "08000800" +
      "81a4" + "0200" + "06000000" + "30010000" + "00000000" + "00000000" + "0000" + "2d393939390000" + "00",
  );
  const big = encodeIfd(entries, { bigTiff: true, offset: 0x100 });
  assertEquals(big.byteLength, 8 + 3 * 20 + 8 + 4);
  assertEquals(big.slice(48, 68).toHex(), "81a4" + "0200" + "0600000000000000" + "2d39393939000000");
});

Deno.test("numbers are printed as C's %.17g prints them", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-0, "-0"],
    [-9999, "-9999"],
    [0.1, "0.10000000000000001"],
    [1e-5, "1.0000000000000001e-05"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e16, "10000000000000000"],
    [1e100, "1e+100"],
    [-3.4028234663852886e38, "-3.4028234663852886e+38"],
    [5e-324, "4.9406564584124654e-324"],
    [NaN, "nan"],
    [-Infinity, "-inf"],
  ];
  for (const [value, text] of cases) assertEquals(formatDouble(value), text);
  assertEquals(nodataText(18446744073709551615n, "uint64"), "18446744073709551615");
  assertThrows(() => nodataText(0.5, "int64"), ConfigError, "0.5");
  assertThrows(() => nodataText(-1, "uint64"), ConfigError, "-1");
});

Deno.test("the pixel for nodata is what GDAL makes of it", () => {
  const cases: [number | bigint | null, DataType, number | bigint][] = [
    [null, "uint8", 0],
    [-9999, "uint8", 0],
    [300, "uint8", 255],
    [1.5, "int16", 2],
    [-1.5, "int16", -2],
    [NaN, "int32", 0],
    [Infinity, "int8", 127],
    [-1, "int64", -1n],
    [null, "uint64", 0n],
    [NaN, "float32", NaN],
    [7n, "uint16", 7],
  ];
  for (const [nodata, type, fill] of cases) assertEquals(fillValue(nodata, type), fill);
});

Deno.test("a part file does not look like a TIFF before it is finished", () => {
  using folder = tempFolder();
  using writer = GeoTiffWriter.create(folder.file("a.tif"), spec(TILES));
  writer.setFormat("uint8", 1);
  writer.append(WHOLE, new TileEncoder(spec(TILES).layout, "uint8", 1).encode(new Uint8Array(1200), WHOLE));
  assertEquals(Deno.readFileSync(writer.partPath).slice(0, 16), new Uint8Array(16));
});

Deno.test("the caller learns where each block's tiles went", () => {
  using folder = tempFolder();
  using writer = GeoTiffWriter.create(folder.file("a.tif"), spec(TILES));
  writer.setFormat("uint8", 1);
  const encoder = new TileEncoder(spec(TILES).layout, "uint8", 1);
  const right = { top: 0, left: 32, nrows: 30, ncols: 8 };
  const left = { top: 0, left: 0, nrows: 30, ncols: 32 };
  const first = writer.append(right, encoder.encode(new Uint8Array(240).fill(9), right));
  const second = writer.append(left, encoder.encode(new Uint8Array(960).fill(7), left));
  assertEquals([first.offset, [...first.lengths]], [16, [512, 512]]);
  assertEquals([second.offset, [...second.lengths]], [1040, [512, 512]]);
  assertEquals(writer.byteLength, 2064);
  assertEquals(Deno.readFileSync(writer.partPath)[1040], 7);
});

Deno.test("results that can't be right are refused", () => {
  using folder = tempFolder();
  const path = folder.file("a.tif");
  using writer = GeoTiffWriter.create(path, spec(TILES, { bandNames: ["x", "y"] }));
  const encoded = new TileEncoder(spec(TILES).layout, "uint8", 2).encode(new Uint8Array(2400), WHOLE);
  assertThrows(() => writer.append(WHOLE, encoded), RasterError, "not fixed yet");
  assertThrows(() => writer.setFormat("uint8", 1), RasterError, "has 1 band, but 2 names");
  writer.setFormat("uint8", 2);
  assertThrows(() => writer.setFormat("uint8", 2), RasterError, "fixed already");
  const short = { bytes: encoded.bytes.subarray(1), lengths: encoded.lengths };
  assertThrows(() => writer.append(WHOLE, short), RasterError, "8 tiles were expected");
  const few = { bytes: new Uint8Array(512), lengths: new Uint32Array([512]) };
  assertThrows(() => writer.append(WHOLE, few), RasterError, "8 tiles were expected");
  assertThrows(
    () => writer.append({ ...WHOLE, left: 8, ncols: 32 }, encoded),
    RangeError,
    "whole 32 x 16 tiles",
  );
  assertThrows(() => writer.finish(), RasterError, "8 of 8 tiles were not written");
  writer.append(WHOLE, encoded);
  assertThrows(() => writer.append(WHOLE, encoded), RasterError, "written before");
  writer.finish();
  assertThrows(() => GeoTiffWriter.create(path, spec(TILES)), RasterError, "is in the way");
  writer.publish();
  assert(Deno.statSync(path).isFile);
});

Deno.test("BIGTIFF=NO refuses at once what can't fit into 4 GiB", () => {
  using folder = tempFolder();
  const large = spec(["BIGTIFF=NO", "COMPRESS=NONE"], {}, [40000, 40000]);
  using writer = GeoTiffWriter.create(folder.file("a.tif"), large);
  assertThrows(() => writer.setFormat("float32", 1), RasterError, "leave out BIGTIFF=NO");
});

Deno.test("IF_SAFER makes a BigTIFF of what is over 2 GB uncompressed, the others go by the file's size", () => {
  using folder = tempFolder();
  const magic = (rule: string, size: [number, number]) => {
    const path = folder.file(`${rule}${size}.tif`);
    const large = spec([`BIGTIFF=${rule}`, "SPARSE_OK=YES"], {}, size);
    using writer = GeoTiffWriter.create(path, large);
    writer.setFormat("uint8", 1);
    const tiles = Math.ceil(size[0] / 256) * Math.ceil(size[1] / 256);
    const block = { top: 0, left: 0, ncols: size[0], nrows: size[1] };
    writer.append(block, { bytes: new Uint8Array(), lengths: new Uint32Array(tiles) });
    writer.finish();
    return Deno.readFileSync(writer.partPath)[2];
  };
  assertEquals([magic("IF_SAFER", [40000, 50000]), magic("IF_SAFER", [40000, 50001])], [42, 43]);
  assertEquals([magic("IF_NEEDED", [40000, 50001]), magic("NO", [40000, 50001])], [42, 42]);
});

Deno.test("the encoder refuses arrays of another type or too short ones, and leaves pixels as they are", () => {
  const { layout } = spec(["PREDICTOR=2", "INTERLEAVE=PIXEL", "BLOCKXSIZE=32", "BLOCKYSIZE=16"]);
  const encoder = new TileEncoder(layout, "int16", 2);
  assertThrows(() => encoder.encode(new Uint16Array(2400), WHOLE), TypeError, "uint16, the output's int16");
  assertThrows(() => encoder.encode(new Int16Array(2399), WHOLE), RangeError, "needs 2400 pixels");
  assertThrows(() => encoder.encode(new Int16Array(2400), WHOLE, { offset: -1 }), RangeError);
  const pixels = new Int16Array(2400).map((_, index) => index * 37);
  const before = pixels.slice();
  const { bytes, lengths } = encoder.encode(pixels, WHOLE);
  assertEquals(pixels, before);
  assertEquals(bytes.byteLength, bytes.buffer.byteLength);
  assertEquals(lengths.length, 4);
});

Deno.test("a tile is left out only if it is nodata to the last bit", () => {
  const layout = { ...spec(["SPARSE_OK=YES", ...TILES]).layout, nodata: 0 };
  const lengths = (pixels: Float32Array<ArrayBuffer>) => [
    ...new TileEncoder(layout, "float32", 1).encode(pixels, WHOLE).lengths,
  ];
  assertEquals(lengths(new Float32Array(1200)), [0, 0, 0, 0]);
  const negative = new Float32Array(1200);
  negative[1199] = -0;
  assertEquals(lengths(negative), [0, 0, 0, 2048]);
});

Deno.test("blocks of one tile that is left out each have a buffer of their own to give away", () => {
  const one = ["SPARSE_OK=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=32"];
  const encoder = new TileEncoder({ ...spec(one).layout, nodata: 0 }, "uint8", 1);
  for (let block = 0; block < 2; block++) {
    const { bytes, lengths } = encoder.encode(new Uint8Array(1200), WHOLE);
    assertEquals([...lengths], [0]);
    assertEquals(bytes.subarray(0, 0).length, 0);
    structuredClone(bytes, { transfer: [bytes.buffer] });
  }
});

Deno.test("a Zstandard frame says its size, without which the highest levels take seconds a tile", () => {
  const { layout } = spec(["COMPRESS=ZSTD", "ZSTD_LEVEL=22", "BLOCKXSIZE=64", "BLOCKYSIZE=32"]);
  const { bytes } = new TileEncoder(layout, "uint16", 1).encode(new Uint16Array(1200), WHOLE);
  assertEquals(bytes.subarray(0, 4).toHex(), "28b52ffd");
  // RFC 8878, 3.1.1: one segment, and two bytes of its size less 256.
  assertEquals([bytes[4]! >> 5, bytes[5]! + 256 * bytes[6]! + 256], [0b011, 64 * 32 * 2]);
});

Deno.test("the system's reasons become words", () => {
  const message = (code: string) =>
    writeError("x.tif", Object.assign(new Error("os error"), { code }), "needed 5").message;
  assertEquals(message("ENOSPC"), "Cannot write 'x.tif': no space left on device (needed 5)");
  assert(message("EFBIG").includes("larger than its file system"));
  assert(message("EACCES").includes("permission denied"));
  assertEquals(message("EWHAT"), "Cannot write 'x.tif': os error (needed 5)");
});
