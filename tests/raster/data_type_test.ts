import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  DATA_TYPES,
  type DataType,
  dataTypeOf,
  isDataType,
  newPixelArray,
  viewPixels,
} from "../../raster/data_type.ts";

const TYPES = Object.keys(DATA_TYPES) as DataType[];

Deno.test("every type has an array of its size, and is known again by it", () => {
  for (const type of TYPES) {
    const pixels = newPixelArray(type, 5);
    assertEquals([pixels.length, pixels.BYTES_PER_ELEMENT], [5, DATA_TYPES[type].bytes], type);
    assertEquals(dataTypeOf(pixels), type);
    assert(isDataType(type));
    const sampleFormat = type.startsWith("u") ? 1 : type.startsWith("i") ? 2 : 3;
    assertEquals(DATA_TYPES[type].sampleFormat, sampleFormat, type);
  }
  assertEquals(dataTypeOf(new Uint8ClampedArray(1)), "uint8");
  for (
    const other of [new DataView(new ArrayBuffer(8)), [1, 2], new ArrayBuffer(4), null, undefined, "uint8"]
  ) {
    assertEquals(dataTypeOf(other), undefined);
  }
  for (const name of ["float16", "Byte", "", "toString"]) assert(!isDataType(name), name);
});

Deno.test("pixels are seen in a buffer without a copy, from an aligned offset", () => {
  for (const type of TYPES) {
    const { bytes } = DATA_TYPES[type];
    const buffer = new ArrayBuffer(6 * bytes);
    const view = viewPixels(type, buffer, 2 * bytes);
    assertEquals([view.length, view.buffer === buffer, view.byteOffset], [4, true, 2 * bytes]);
    assertEquals(viewPixels(type, buffer, bytes, 3).length, 3);
    if (bytes > 1) assertThrows(() => viewPixels(type, buffer, 1, 1), RangeError);
  }
});
