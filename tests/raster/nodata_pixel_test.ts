import { assertEquals } from "@std/assert";
import type { DataType } from "../../raster/data_type.ts";
import { nodataChoice, nodataOfType, nodataWord } from "../../raster/nodata_pixel.ts";

Deno.test("a nodata value is what a pixel of the type would be, or nothing if none can be it", () => {
  const cases: [number | bigint, DataType, number | bigint | undefined][] = [
    [0, "uint8", 0],
    [255, "uint8", 255],
    [7n, "uint8", 7],
    [256, "uint8", undefined],
    [-9999, "uint8", undefined],
    [1.5, "uint8", undefined],
    [NaN, "uint8", undefined],
    [Infinity, "uint32", undefined],
    [-128, "int8", -128],
    [128, "int8", undefined],
    [-32768, "int16", -32768],
    [-32769, "int16", undefined],
    [65536, "uint16", undefined],
    [2 ** 31, "int32", undefined],
    [2 ** 32 - 1, "uint32", 2 ** 32 - 1],
    [5, "int64", 5n],
    [2n ** 63n - 1n, "int64", 2n ** 63n - 1n],
    [2n ** 63n, "int64", undefined],
    [-1, "uint64", undefined],
    [2n ** 64n - 1n, "uint64", 2n ** 64n - 1n],
    [2 ** 64, "uint64", undefined],
    [0.5, "int64", undefined],
    [0.1, "float32", Math.fround(0.1)],
    [-3.4028235e38, "float32", -3.4028234663852886e38],
    [1e39, "float32", undefined],
    [-Number.MAX_VALUE, "float32", undefined],
    [NaN, "float32", NaN],
    [-Infinity, "float32", -Infinity],
    [-Number.MAX_VALUE, "float64", -Number.MAX_VALUE],
    [NaN, "float64", NaN],
    [10n ** 400n, "float64", undefined],
    [2n ** 60n, "float64", 2 ** 60],
  ];
  for (const [nodata, type, held] of cases) {
    assertEquals(nodataOfType(nodata, type), held, `${nodata} ${type}`);
  }
});

Deno.test("errors name nodata values and what there is to choose from as the command line takes them", () => {
  assertEquals([NaN, Infinity, -Infinity, -0.5, 2n ** 64n].map(nodataWord), [
    ...["nan", "inf", "-inf", "-0.5", "18446744073709551616"],
  ]);
  assertEquals(nodataChoice("int8"), "a whole number from -128 to 127, or none");
  assertEquals(nodataChoice("float32"), "a number that float32 can hold, nan, inf, -inf or none");
});
