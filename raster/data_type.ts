/**
 * The pixel types, by their names in blockfleet, in GDAL and in TIFF.
 *
 * @module
 */

/** A pixel type. The names are numpy's, so RIOS users know them. */
export type DataType =
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "float32"
  | "float64";

/** The typed array of a pixel type. */
export type PixelArray =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** What is fixed about one pixel type. */
export interface DataTypeSpec {
  /** Bytes a pixel. */
  readonly bytes: number;
  /** TIFF 6.0 SampleFormat: 1 unsigned, 2 signed, 3 IEEE floating point. */
  readonly sampleFormat: 1 | 2 | 3;
  /** GDAL's name. */
  readonly gdalName: string;
}

/** Every pixel type with its facts. */
export const DATA_TYPES: Readonly<Record<DataType, DataTypeSpec>> = {
  uint8: { bytes: 1, sampleFormat: 1, gdalName: "Byte" },
  int8: { bytes: 1, sampleFormat: 2, gdalName: "Int8" },
  uint16: { bytes: 2, sampleFormat: 1, gdalName: "UInt16" },
  int16: { bytes: 2, sampleFormat: 2, gdalName: "Int16" },
  uint32: { bytes: 4, sampleFormat: 1, gdalName: "UInt32" },
  int32: { bytes: 4, sampleFormat: 2, gdalName: "Int32" },
  uint64: { bytes: 8, sampleFormat: 1, gdalName: "UInt64" },
  int64: { bytes: 8, sampleFormat: 2, gdalName: "Int64" },
  float32: { bytes: 4, sampleFormat: 3, gdalName: "Float32" },
  float64: { bytes: 8, sampleFormat: 3, gdalName: "Float64" },
};

/** The least and greatest value of each whole-number type. */
export const INTEGER_RANGES: Readonly<Partial<Record<DataType, readonly [bigint, bigint]>>> = {
  uint8: [0n, 255n],
  int8: [-128n, 127n],
  uint16: [0n, 65535n],
  int16: [-32768n, 32767n],
  uint32: [0n, 4294967295n],
  int32: [-2147483648n, 2147483647n],
  uint64: [0n, 18446744073709551615n],
  int64: [-9223372036854775808n, 9223372036854775807n],
};

/** Whether `name` is a pixel type's name. */
export function isDataType(name: string): name is DataType {
  return Object.hasOwn(DATA_TYPES, name);
}

/** A new zeroed array of `length` pixels of `type`. */
export function newPixelArray(type: DataType, length: number): PixelArray {
  return viewPixels(type, new ArrayBuffer(length * DATA_TYPES[type].bytes));
}

/**
 * The pixels of `type` in `buffer`, from `byteOffset` on, without a copy.
 *
 * @throws {RangeError} if `byteOffset` is not a multiple of the pixel's size.
 */
export function viewPixels(
  type: DataType,
  buffer: ArrayBuffer,
  byteOffset = 0,
  length: number = (buffer.byteLength - byteOffset) / DATA_TYPES[type].bytes,
): PixelArray {
  switch (type) {
    case "uint8":
      return new Uint8Array(buffer, byteOffset, length);
    case "int8":
      return new Int8Array(buffer, byteOffset, length);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, length);
    case "int16":
      return new Int16Array(buffer, byteOffset, length);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, length);
    case "int32":
      return new Int32Array(buffer, byteOffset, length);
    case "uint64":
      return new BigUint64Array(buffer, byteOffset, length);
    case "int64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "float32":
      return new Float32Array(buffer, byteOffset, length);
    case "float64":
      return new Float64Array(buffer, byteOffset, length);
  }
}

/** The pixel type of a typed array, or undefined if it is none of ours (a `Uint8ClampedArray` counts as uint8). */
export function dataTypeOf(array: unknown): DataType | undefined {
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return "uint8";
  if (array instanceof Int8Array) return "int8";
  if (array instanceof Uint16Array) return "uint16";
  if (array instanceof Int16Array) return "int16";
  if (array instanceof Uint32Array) return "uint32";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  if (array instanceof BigUint64Array) return "uint64";
  if (array instanceof BigInt64Array) return "int64";
  return undefined;
}
