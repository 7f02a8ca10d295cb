/**
 * The pixel type of an image, from BitsPerSample and SampleFormat.
 *
 * @module
 */
import { DATA_TYPES, type DataType } from "../data_type.ts";
import type { PackedFormat } from "./codecs/packed_samples.ts";
import type { Ifd } from "./ifd.ts";
import { CURE, unsupported } from "./refusals.ts";
import { TAG } from "./tags.ts";

/** SampleFormat (TIFF 6.0, section 19, and its supplement). */
const FORMAT = { UNSIGNED: 1, SIGNED: 2, FLOAT: 3, UNDEFINED: 4, COMPLEX_INTEGER: 5, COMPLEX: 6 } as const;

const FORMAT_NAMES: Readonly<Record<number, string>> = {
  [FORMAT.UNSIGNED]: "unsigned integers",
  [FORMAT.SIGNED]: "signed integers",
  [FORMAT.FLOAT]: "floating point numbers",
};

/** The samples of an image. */
export interface SampleType {
  /** Pixel type of all bands. */
  readonly dataType: DataType;
  /** How samples are stored that take fewer bits in the file than their type has; undefined for all others. */
  readonly packed: Pick<PackedFormat, "storedBits" | "dataType"> | undefined;
}

/**
 * The type of the samples of the image in `ifd`.
 *
 * @throws {RasterError} if it is not one that is read, or not the same for all bands.
 */
export async function readSampleType(ifd: Ifd, name: string): Promise<SampleType> {
  const bits = await same(ifd, TAG.BitsPerSample, { name, what: "Different bit depths" });
  const format = await same(ifd, TAG.SampleFormat, { name, what: "Different sample formats" });
  if (format === FORMAT.COMPLEX_INTEGER || format === FORMAT.COMPLEX) {
    const kind = format === FORMAT.COMPLEX ? "floating point" : "integer";
    const what = `Complex ${kind} pixels of ${bits} bits`;
    throw unsupported(name, { what, verb: "are", cure: CURE.real });
  }
  // GDAL takes what is "undefined" as unsigned.
  const kind = format === FORMAT.UNDEFINED ? FORMAT.UNSIGNED : format;
  for (const [type, spec] of Object.entries(DATA_TYPES)) {
    if (spec.bytes * 8 === bits && spec.sampleFormat === kind) {
      return { dataType: type as DataType, packed: undefined };
    }
  }
  const dataType = packedType(bits, kind);
  if (dataType !== undefined) return { dataType, packed: { storedBits: bits, dataType } };
  const formatName = FORMAT_NAMES[kind];
  const what = `Pixels of ${bits} bits (${formatName ?? `sample format ${format}`})`;
  const isWhole = kind === FORMAT.UNSIGNED && Number.isInteger(bits) && bits > 16 && bits < 32;
  const cure = formatName === undefined ? CURE.anew : isWhole ? CURE.whole32 : CURE.otherType;
  throw unsupported(name, { what, verb: "are", cure });
}

/** The smallest type that holds samples of so many bits, as GDAL shows them. */
function packedType(bits: number, format: number): PackedFormat["dataType"] | undefined {
  if (format === FORMAT.FLOAT) return bits === 16 ? "float32" : undefined;
  if (format !== FORMAT.UNSIGNED || !Number.isInteger(bits) || bits < 1 || bits > 15) return undefined;
  return bits < 8 ? "uint8" : "uint16";
}

/** The one value of a tag that has a value a band; 1 without it. */
async function same(ifd: Ifd, tag: number, { name, what }: { name: string; what: string }): Promise<number> {
  const values = await ifd.numbers(tag) ?? [1];
  const first = values[0]!;
  if (values.some((value) => value !== first)) {
    const list = [...new Set(values)].slice(0, 8).join(", ");
    throw unsupported(name, { what: `${what} per band (${list})`, verb: "are", cure: CURE.anew });
  }
  return first;
}
