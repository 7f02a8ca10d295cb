import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../core/errors.ts";
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import {
  checkFormat,
  makeOutputLayout,
  type OutputLayout,
  tileSpan,
} from "../../raster/geotiff/output_layout.ts";
import { windowForLayouts } from "../../raster/geotiff/window_fit.ts";

function layout(options: string[] = [], [width, height] = [1000, 800]): OutputLayout {
  return makeOutputLayout(parseCreationOptions(options), { width: width!, height: height!, nodata: null });
}

Deno.test("the defaults are RIOS's: tiles, bands apart, DEFLATE, BigTIFF where it is safer", () => {
  const { tiled, tileWidth, tileHeight, interleave, compression, level, predictor, bigTiff, sparse } =
    layout();
  assertEquals([tiled, tileWidth, tileHeight, interleave], [true, 256, 256, "BAND"]);
  assertEquals([compression, level, predictor, bigTiff, sparse], ["DEFLATE", 4, 1, "IF_SAFER", false]);
});

Deno.test("options are taken in any case, and a later one replaces an earlier", () => {
  const parsed = parseCreationOptions([
    ...["compress=zstd", "COMPRESS=deflate", "zLevel=9", "TILED=true", "Interleave=pixel", "BIGTIFF=yes"],
    ...[
      "NUM_THREADS=ALL_CPUS",
      "SPARSE_OK=on",
      "PREDICTOR=2",
      "ALPHA=YES",
      "PHOTOMETRIC=rgb",
      "ZSTD_LEVEL=22",
    ],
  ]);
  assertEquals([parsed.compression, parsed.deflateLevel, parsed.interleave], ["DEFLATE", 9, "PIXEL"]);
  assertEquals([parsed.bigTiff, parsed.sparse, parsed.predictor], ["YES", true, 2]);
  assertEquals([parsed.alpha, parsed.photometric, parsed.zstdLevel], ["NON-PREMULTIPLIED", "RGB", 22]);
});

Deno.test("an unknown or unsupported option or value is refused by name, with what there is", () => {
  const cases: [string, string][] = [
    ["COMPRES=LZW", "'COMPRES' is unknown; there are: TILED, BLOCKXSIZE"],
    ["NBITS=4", "'NBITS' is not supported for writing"],
    ["COMPRESS=LZW", "COMPRESS=LZW is not supported for writing; there are: NONE, DEFLATE, ZSTD"],
    ["COMPRESS=GZIP", "COMPRESS=GZIP has an unknown value; there are: NONE, DEFLATE, ZSTD"],
    ["ZLEVEL=0", "ZLEVEL=0 is not a whole number from 1 to 9"],
    ["ZLEVEL=12", "need libdeflate; use 1 to 9"],
    ["ZLEVEL=6.5", "ZLEVEL=6.5 is not a whole number"],
    ["BLOCKXSIZE=100", "BLOCKXSIZE=100 is not a multiple of 16, as tiles need; try 96 or 112"],
    ["BLOCKYSIZE=8", "try 16"],
    ["BLOCKYSIZE=999999999", "from 1 to 65536"],
    ["TILED=MAYBE", "TILED=MAYBE has an unknown value; there are: YES, NO"],
    ["INTERLEAVE=LINE", "there are: BAND, PIXEL"],
    ["NUM_THREADS=many", "NUM_THREADS=MANY is not a whole number"],
    ["COMPRESS", "'COMPRESS' is not of the form KEY=VALUE"],
    ["=1", "'=1' is not of the form KEY=VALUE"],
    ["toString=1", "'TOSTRING' is unknown"],
  ];
  for (const [option, message] of cases) {
    assertThrows(() => parseCreationOptions([option]), ConfigError, message);
  }
});

Deno.test("pixels that an option does not suit are refused, naming it", () => {
  assertThrows(() => checkFormat(layout(["PREDICTOR=3"]), "int16", 1), ConfigError, "PREDICTOR=3");
  assertThrows(() => checkFormat(layout(["PHOTOMETRIC=RGB"]), "uint8", 2), ConfigError, "needs 3 bands");
  assertThrows(() => checkFormat(layout(["ALPHA=YES"]), "uint8", 1), ConfigError, "ALPHA needs a band");
  assertThrows(
    () => checkFormat(layout(["ALPHA=YES"]), "uint8", 3),
    ConfigError,
    "the 3 of PHOTOMETRIC=RGB, which three bands of bytes are: give PHOTOMETRIC=MINISBLACK too",
  );
  checkFormat(layout(["ALPHA=YES", "PHOTOMETRIC=MINISBLACK"]), "uint8", 3);
  checkFormat(layout(["ALPHA=YES"]), "int8", 3);
  assertThrows(() => checkFormat(layout(), "uint8", 0), ConfigError, "1 to 65535");
  const huge = layout(["BLOCKXSIZE=65536", "BLOCKYSIZE=65536"]);
  assertThrows(() => checkFormat(huge, "uint8", 1), ConfigError, "over the limit of 1 GiB");
  checkFormat(layout(["PREDICTOR=3", "COMPRESS=NONE"]), "int16", 1);
});

Deno.test("strips are full-width, of about a tile's size, and never higher than the image", () => {
  const rows = (width: number, height: number, ...options: string[]) => {
    const { tileWidth, tileHeight } = layout(["TILED=NO", ...options], [width, height]);
    assertEquals(tileWidth, width);
    return tileHeight;
  };
  assertEquals(rows(349, 352), 128);
  assertEquals(rows(30000, 30000), 2);
  assertEquals(rows(1_000_000, 10), 1);
  assertEquals(rows(10, 50), 50);
  assertEquals(rows(349, 352, "BLOCKYSIZE=3"), 3);
});

Deno.test("a window is rounded up to whole tiles of all outputs, and the user is told", () => {
  const fit = (options: string[][], x: number, y: number, size?: [number, number]) => {
    const fitted = windowForLayouts(options.map((each) => layout(each, size)), {
      windowxsize: x,
      windowysize: y,
    });
    return [fitted.windowxsize, fitted.windowysize, fitted.notice];
  };
  assertEquals(fit([[]], 256, 512), [256, 512, undefined]);
  assertEquals(fit([], 100, 100), [100, 100, undefined]);
  assertEquals(fit([[]], 200, 257), [
    ...[256, 512, "Window 200 x 257 rounded up to 256 x 512, whole 256 x 256 tiles of the output"],
  ]);
  assertEquals(fit([["BLOCKXSIZE=64"], ["BLOCKXSIZE=48"]], 200, 256).slice(0, 2), [384, 256]);
  assertEquals(fit([["TILED=NO", "BLOCKYSIZE=30"], []], 256, 256), [
    ...[
      1000,
      800,
      "Window 256 x 256 rounded up to 1000 x 800, whole 1000 x 30 strips and 256 x 256 tiles of the outputs",
    ],
  ]);
  assertEquals(fit([["TILED=NO", "BLOCKYSIZE=32"]], 256, 100).slice(0, 2), [1000, 128]);
  // What spans the image needs no rounding.
  assertEquals(fit([[]], 256, 256, [93, 71]), [256, 256, undefined]);
  assertEquals(fit([[]], 2000, 801), [2000, 801, undefined]);
});

Deno.test("every block of a fitted window is made of whole tiles", () => {
  for (const options of [[], ["TILED=NO"], ["BLOCKXSIZE=48", "BLOCKYSIZE=112"]]) {
    for (const size of [[1000, 800], [93, 71], [1, 1], [513, 256]] as [number, number][]) {
      for (const side of [1, 100, 256, 700]) {
        const made = layout(options, size);
        const { windowxsize, windowysize } = windowForLayouts([made], {
          windowxsize: side,
          windowysize: side,
        });
        for (let top = 0; top < size[1]; top += windowysize) {
          for (let left = 0; left < size[0]; left += windowxsize) {
            const nrows = Math.min(windowysize, size[1] - top);
            const ncols = Math.min(windowxsize, size[0] - left);
            assert(tileSpan(made, { top, left, nrows, ncols }).across > 0);
          }
        }
      }
    }
  }
});

Deno.test("an exact window makes the tiles, unless the user fixed them or they would be too large", () => {
  const exact = (options: string[], x: number, y: number) => {
    const fitted = windowForLayouts([layout(options)], { windowxsize: x, windowysize: y }, { exact: true });
    const { tileWidth, tileHeight } = fitted.layouts[0]!;
    return [fitted.windowxsize, fitted.windowysize, tileWidth, tileHeight];
  };
  assertEquals(exact([], 320, 64), [320, 64, 320, 64]);
  assertEquals(exact([], 100, 50), [112, 64, 112, 64]);
  assertEquals(exact(["BLOCKXSIZE=64"], 100, 50), [128, 64, 64, 64]);
  assertEquals(exact(["TILED=NO"], 100, 50), [1000, 50, 1000, 50]);
  assertThrows(() => exact([], 1025, 64), ConfigError, "at most 1024");
  assertThrows(() => exact([], 0, 64), RangeError);
});
