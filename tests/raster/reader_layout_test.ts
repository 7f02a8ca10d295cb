import { assertEquals, assertRejects } from "@std/assert";
import { deflateSync } from "node:zlib";
import { RasterError } from "../../core/errors.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { MemorySource } from "./memory_source.ts";
import { buildTiff, type Field, imageFields, type TinyTiff } from "./tiny_tiff.ts";

/** The bytes 0, 1, 2, ... */
function ramp(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i);
}

async function readAll(tiff: TinyTiff): Promise<{ reader: GeoTiffReader; pixels: (number | bigint)[] }> {
  const reader = await GeoTiffReader.openSource(new MemorySource(buildTiff(tiff)));
  const { width, height } = reader.info;
  const pixels = await reader.readWindow({ left: 0, top: 0, ncols: width, nrows: height });
  return { reader, pixels: [...pixels] };
}

/** The message of the error that opening or reading the file ends with. */
async function refusal(tiff: TinyTiff | Uint8Array<ArrayBuffer>): Promise<string> {
  const source = new MemorySource(tiff instanceof Uint8Array ? tiff : buildTiff(tiff));
  const error = await assertRejects(async () => {
    const reader = await GeoTiffReader.openSource(source);
    const { width, height } = reader.info;
    await reader.readWindow({ left: 0, top: 0, ncols: Math.min(width, 64), nrows: Math.min(height, 64) });
  }, RasterError);
  return error.message;
}

Deno.test("without RowsPerStrip, and with its greatest value, an image is one strip", async () => {
  for (const extra of [[], [[278, 4, [0xffffffff]] as const]]) {
    const { reader, pixels } = await readAll({
      directories: [{ fields: imageFields({ width: 5, height: 3 }, extra), chunks: [ramp(15)] }],
    });
    assertEquals(pixels, [...ramp(15)]);
    assertEquals(reader.info.tileHeight, 3);
    assertEquals(reader.info.tileWidth, 5);
  }
});

Deno.test("the last strip may be short, and may also be as long as the others", async () => {
  const image = ramp(15);
  for (const last of [image.slice(10), new Uint8Array(10).map((_, i) => image[10 + i] ?? 99)]) {
    for (const compression of [1, 8]) {
      const chunks = [image.slice(0, 10), last].map((chunk) =>
        compression === 8 ? new Uint8Array(deflateSync(chunk)) : chunk
      );
      const fields = imageFields({ width: 5, height: 3, rowsPerStrip: 2 }, [[259, 3, [compression]]]);
      assertEquals((await readAll({ directories: [{ fields, chunks }] })).pixels, [...image]);
    }
  }
});

Deno.test("planar strips are numbered plane by plane", async () => {
  const fields = imageFields({ width: 2, height: 3, bands: 2, rowsPerStrip: 2 }, [[284, 3, [2]]]);
  const chunks = [ramp(4), ramp(2), Uint8Array.of(10, 11, 12, 13), Uint8Array.of(14, 15)];
  const { reader, pixels } = await readAll({ directories: [{ fields, chunks }] });
  assertEquals(pixels, [0, 1, 2, 3, 0, 1, 10, 11, 12, 13, 14, 15]);
  assertEquals(reader.info.interleave, "BAND");
});

Deno.test("tiles that are left out are nodata, or 0 without one", async () => {
  for (
    const [nodata, expected] of [[undefined, 0], ["7", 7], ["-9999", 0], ["300", 255], ["nan", 0], [
      "2.5",
      3,
    ]] as const
  ) {
    for (const compression of [1, 8]) {
      const extra: Field[] = [[322, 3, [16]], [323, 3, [16]], [259, 3, [compression]]];
      if (nodata !== undefined) extra.push([42113, 2, nodata]);
      const directory = {
        fields: imageFields({ width: 20, height: 4 }, extra),
        chunks: [undefined, undefined],
        tiled: true,
      };
      const { pixels } = await readAll({ directories: [directory] });
      assertEquals(pixels, new Array(80).fill(expected), `nodata ${nodata}`);
    }
  }
});

Deno.test("64-bit nodata is an exact bigint, and none where no pixel can have it", async () => {
  const cases = [
    [1, "18446744073709551615", 18446744073709551615n],
    [2, "-9223372036854775808", -9223372036854775808n],
    [1, "-1", null],
    [2, "nan", null],
  ] as const;
  for (const [format, text, expected] of cases) {
    const fields = imageFields({ width: 1, height: 1, bits: 64, format }, [[42113, 2, text]]);
    const { reader, pixels } = await readAll({ directories: [{ fields, chunks: [undefined] }] });
    assertEquals(reader.info.nodata, expected);
    assertEquals(pixels, [expected ?? 0n]);
  }
});

Deno.test("nodata of floating point files can be nan and infinite, and float32 ones are what pixels hold", async () => {
  const cases = [[32, "nan", NaN], [32, "-inf", -Infinity], [64, "-3.4e+38", -3.4e38], [
    32,
    "-3.4e+38",
    Math.fround(-3.4e38),
  ]] as const;
  for (const [bits, text, expected] of cases) {
    const fields = imageFields({ width: 1, height: 1, bits, format: 3 }, [[42113, 2, text]]);
    const { reader, pixels } = await readAll({ directories: [{ fields, chunks: [undefined] }] });
    assertEquals(reader.info.nodata, expected);
    assertEquals(pixels, [expected]);
  }
});

Deno.test("uncompressed strips need no byte counts", async () => {
  const bytes = buildTiff({
    directories: [{ fields: imageFields({ width: 3, height: 2 }), chunks: [ramp(6)] }],
  });
  const view = new DataView(bytes.buffer);
  const ifd = view.getUint32(4, true);
  for (let i = 0; i < view.getUint16(ifd, true); i++) {
    const at = ifd + 2 + 12 * i;
    if (view.getUint16(at, true) === 279) view.setUint16(at, 65000, true);
  }
  await using reader = await GeoTiffReader.openSource(new MemorySource(bytes));
  assertEquals([...await reader.readWindow({ left: 1, top: 0, ncols: 2, nrows: 2 })], [1, 2, 4, 5]);
});

Deno.test("an image in a BigTIFF of either byte order with long offsets is read", async () => {
  for (const littleEndian of [true, false]) {
    const fields = imageFields({ width: 2, height: 2, bits: 16, rowsPerStrip: 1 });
    const row = (
      a: number,
      b: number,
    ) => (littleEndian ? Uint8Array.of(a, 0, b, 0) : Uint8Array.of(0, a, 0, b));
    const { reader, pixels } = await readAll({
      littleEndian,
      bigTiff: true,
      directories: [{ fields, chunks: [row(1, 2), row(3, 4)] }],
    });
    assertEquals(pixels, [1, 2, 3, 4]);
    assertEquals([reader.info.bigTiff, reader.info.littleEndian], [true, littleEndian]);
  }
});

Deno.test("what is not supported is refused by its name", async () => {
  const cases: [string, Field[]][] = [
    ["JPEG 2000 compression (34712) in 'x.tif' is not supported", [[259, 3, [34712]]]],
    ["WebP compression (50001) in 'x.tif' is not supported", [[259, 3, [50001]]]],
    ["LZMA compression (34925) in 'x.tif' is not supported", [[259, 3, [34925]]]],
    ["Compression 4711 in 'x.tif' is not supported", [[259, 3, [4711]]]],
    ["Pixels of 17 bits (unsigned integers) in 'x.tif' are not supported", [[258, 3, [17]]]],
    ["Pixels of 12 bits (signed integers) in 'x.tif' are not supported", [[258, 3, [12]], [339, 3, [2]]]],
    ["Pixels of 24 bits (floating point numbers) in 'x.tif' are not supported", [[258, 3, [24]], [339, 3, [
      3,
    ]]]],
    ["JPEG compression of 12-bit pixels in 'x.tif' is not supported", [[258, 3, [12]], [259, 3, [7]]]],
    ["LERC compression of 4-bit pixels in 'x.tif' is not supported", [[258, 3, [4]], [259, 3, [34887]]]],
    ["Predictor 2 on 4-bit pixels in 'x.tif' is not supported", [[258, 3, [4]], [259, 3, [8]], [317, 3, [
      2,
    ]]]],
    ["Complex floating point pixels of 64 bits in 'x.tif' are not supported", [[258, 3, [64]], [339, 3, [
      6,
    ]]]],
    ["Complex integer pixels of 32 bits in 'x.tif' are not supported", [[258, 3, [32]], [339, 3, [5]]]],
    ["Different bit depths per band (8, 16) in 'x.tif' are not supported", [[258, 3, [8, 16]], [277, 3, [
      2,
    ]]]],
    ["FillOrder 2 (bits in reverse order) in 'x.tif' is not supported", [[266, 3, [2]]]],
    ["YCbCr pixels (photometric 6) without JPEG compression in 'x.tif' are not supported", [[262, 3, [6]]]],
    ["CMYK pixels (photometric 5) in 'x.tif' are not supported", [[262, 3, [5]]]],
    ["Predictor 3 on uint8 pixels in 'x.tif' is not supported", [[259, 3, [8]], [317, 3, [3]]]],
    ["Predictor 34892 in 'x.tif' is not supported", [[259, 3, [8]], [317, 3, [34892]]]],
    ["JPEG compression of 4 interleaved bands in 'x.tif' is not supported", [[259, 3, [7]], [277, 3, [4]]]],
    ["LERC compression of int64 pixels in 'x.tif' is not supported", [[259, 3, [34887]], [258, 3, [64]], [
      339,
      3,
      [2],
    ]]],
  ];
  for (const [expected, extra] of cases) {
    const message = await refusal({
      directories: [{ fields: imageFields({ width: 4, height: 4 }, extra), chunks: [ramp(16)] }],
    });
    assertEquals(message.slice(0, expected.length), expected);
  }
});

Deno.test("old-style LZW is refused by name", async () => {
  const fields = imageFields({ width: 4, height: 1 }, [[259, 3, [5]]]);
  const message = await refusal({
    directories: [{ fields, chunks: [Uint8Array.of(0x00, 0x01, 0x02, 0x03)] }],
  });
  assertEquals(
    message.includes("old-style LZW (least significant bit first) is not supported"),
    true,
    message,
  );
});

Deno.test("damage is told by what is wrong", async () => {
  const good = { fields: imageFields({ width: 4, height: 4 }), chunks: [ramp(16)] };
  const tooFar = buildTiff({ directories: [good] });
  tooFar[4] = 250;
  const cases: [string, TinyTiff | Uint8Array<ArrayBuffer>][] = [
    ["'x.tif' is not a TIFF: it has only 3 bytes", Uint8Array.of(1, 2, 3)],
    [
      "'x.tif' is not a TIFF: it does not begin with II or MM",
      new TextEncoder().encode("P5 4 4 255 ................"),
    ],
    ["'x.tif' is truncated or damaged: it refers to bytes 250 to 251", tooFar],
    ["'x.tif' is damaged: ImageWidth is 0", {
      directories: [{ ...good, fields: imageFields({ width: 0, height: 4 }) }],
    }],
    ["'x.tif' is damaged: ImageLength is 4294967295", {
      directories: [{ ...good, fields: imageFields({ width: 4, height: 0xffffffff }) }],
    }],
    ["'x.tif' is damaged: StripOffsets (273) has 0 values", { directories: [{ fields: good.fields }] }],
    ["'x.tif' is damaged: StripOffsets (273) has 1 values for 2000000 strips", {
      directories: [{ ...good, fields: imageFields({ width: 4, height: 2000000, rowsPerStrip: 1 }) }],
    }],
    ["'x.tif' has strips of 2000000000 x 2000000000 pixels", {
      directories: [{ ...good, fields: imageFields({ width: 2e9, height: 2e9 }, [[259, 3, [8]]]) }],
    }],
    ["Strip 0 of 'x.tif' can't be read: it has 16 of 40 bytes", {
      directories: [{ ...good, fields: imageFields({ width: 4, height: 10 }) }],
    }],
    ["Strip 0 of 'x.tif' can't be decoded: it holds only 9 of 16 bytes", {
      directories: [{
        fields: imageFields({ width: 4, height: 4 }, [[259, 3, [8]]]),
        chunks: [new Uint8Array(deflateSync(ramp(9)))],
      }],
    }],
    ["Tile (1, 0) of band 2 of 'x.tif' can't be decoded: it holds only 9 of 64 bytes", {
      directories: [{
        fields: imageFields({ width: 20, height: 4, bands: 2 }, [
          [259, 3, [8]],
          [284, 3, [2]],
          [322, 3, [16]],
          [323, 3, [16]],
        ]),
        chunks: [undefined, undefined, undefined, new Uint8Array(deflateSync(ramp(9)))],
        tiled: true,
      }],
    }],
    ["Strip 0 of 'x.tif' can't be decoded: 2 bytes of DEFLATE data can't hold 100000000", {
      directories: [{
        fields: imageFields({ width: 10000, height: 10000 }, [[259, 3, [8]]]),
        chunks: [Uint8Array.of(0x78, 0x9c)],
      }],
    }],
  ];
  for (const [expected, tiff] of cases) {
    const message = await refusal(tiff);
    assertEquals(message.slice(0, expected.length), expected);
    assertEquals(message.includes("\n"), false);
  }
});

Deno.test("a source is closed when opening fails", async () => {
  const source = new MemorySource(ramp(100));
  await assertRejects(() => GeoTiffReader.openSource(source), RasterError);
  assertEquals(source.disposed, true);
});
