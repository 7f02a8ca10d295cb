/**
 * The records of a run's journal.
 *
 * @module
 */
import type { Payload } from "../../core/payload.ts";
import { type DataType, isDataType } from "../data_type.ts";
import type { RunFacts } from "./run_facts.ts";

/** The first record: whose journal it is, and what a run must be to go on with it. */
export interface HeaderRecord {
  /** What record it is. */
  readonly kind: "header";
  /** Version of the journal's format. */
  readonly format: number;
  /** The run's id. */
  readonly run: string;
  /** Blocks in all. */
  readonly blockCount: number;
  /** What must be the same. */
  readonly facts: RunFacts;
}

/** Another run goes on from here. */
export interface ResumedRecord {
  /** What record it is. */
  readonly kind: "resumed";
  /** That run's id. */
  readonly run: string;
}

/** What an output's pixels are, as its first block decided. */
export interface OutputFormat {
  /** Their type. */
  readonly type: DataType;
  /** The number of bands. */
  readonly bands: number;
  /** The block that decided it. */
  readonly block: number;
}

/** The outputs' pixel types and bands: comes before the first block. */
export interface FormatsRecord {
  /** What record it is. */
  readonly kind: "formats";
  /** One an output, in their order. */
  readonly formats: readonly OutputFormat[];
}

/** Where a block's tiles are in one output. */
export interface BlockTiles {
  /** Where the first one begins, bytes from the start of the part file; the others follow. */
  readonly offset: number;
  /** Bytes of each tile; 0 is one that is left out. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** CRC-32C of each tile. */
  readonly crcs: Uint32Array<ArrayBuffer>;
}

/** A block is done: its tiles were on the disk before this was written. */
export interface BlockRecord {
  /** What record it is. */
  readonly kind: "block";
  /** The block. */
  readonly block: number;
  /** One an output, in their order. */
  readonly outputs: readonly BlockTiles[];
  /** The block's partial statistics, one an output; empty while none are made. */
  readonly statistics: readonly unknown[];
  /** The block's copy of other args, packed, if the user's module merges them. */
  readonly args: Payload | undefined;
}

/** The user function has changed its worker's copy of other args, which is not here. */
export interface ArgsChangedRecord {
  /** What record it is. */
  readonly kind: "argsChanged";
}

/** All files are complete under their part names; from here on they only get their final names. */
export interface CompleteRecord {
  /** What record it is. */
  readonly kind: "complete";
  /** The files' lengths, in the order of the outputs. */
  readonly byteLengths: readonly number[];
}

/** Any record. */
export type JournalRecord =
  | HeaderRecord
  | ResumedRecord
  | FormatsRecord
  | BlockRecord
  | ArgsChangedRecord
  | CompleteRecord;

/** The format that is written and read. */
export const JOURNAL_FORMAT = 1;

/** First entries of the records' headers: their places here are the numbers in the file. */
const KINDS = ["header", "resumed", "formats", "block", "argsChanged", "complete"] as const;

/** A record as it stands in the journal. */
export function encodeRecord(record: JournalRecord): Payload {
  const kind = KINDS.indexOf(record.kind);
  if (record.kind !== "block") return { header: [kind, record], parts: [] };
  const { block, outputs, statistics, args } = record;
  const places = outputs.flatMap(({ offset, lengths, crcs }) => [offset, lengths, crcs]);
  const count = args?.parts.length ?? -1;
  return {
    header: [kind, block, statistics, count, args?.header ?? null, ...places],
    parts: args?.parts ?? [],
  };
}

/**
 * A record from the journal; what is not as it should be in it is found here.
 *
 * @throws {TypeError} if it is no record.
 */
export function decodeRecord({ header, parts }: Payload): JournalRecord {
  if (!Array.isArray(header)) throw notARecord();
  const kind = KINDS[header[0]];
  if (kind === "block") return decodeBlock(header, parts);
  const record = header[1];
  if (typeof record !== "object" || record === null || kind === undefined || record.kind !== kind) {
    throw notARecord();
  }
  if (!isWellFormed(record)) throw notARecord();
  return record;
}

function decodeBlock(header: readonly unknown[], parts: Payload["parts"]): BlockRecord {
  const [, block, statistics, argParts, args, ...places] = header;
  if (!isCount(block) || !Array.isArray(statistics) || !Number.isInteger(argParts)) throw notARecord();
  const outputs: BlockTiles[] = [];
  for (let at = 0; at < places.length; at += 3) {
    const [offset, lengths, crcs] = places.slice(at, at + 3);
    const isWhole = isCount(offset) && lengths instanceof Uint32Array && crcs instanceof Uint32Array &&
      lengths.length === crcs.length;
    if (!isWhole) throw notARecord();
    outputs.push({
      offset,
      lengths: lengths as Uint32Array<ArrayBuffer>,
      crcs: crcs as Uint32Array<ArrayBuffer>,
    });
  }
  const count = argParts as number;
  const packed = count < 0 ? undefined : { header: args, parts: parts.slice(0, count) };
  return { kind: "block", block, outputs, statistics, args: packed };
}

function isWellFormed(record: { readonly kind: string }): record is Exclude<JournalRecord, BlockRecord> {
  const { format, run, blockCount, facts, formats, byteLengths } = record as Record<string, unknown>;
  switch (record.kind) {
    case "header":
      // What another format's header holds is not for us to say.
      return isCount(format) &&
        (format !== JOURNAL_FORMAT || typeof run === "string" && isCount(blockCount) && isTexts(facts));
    case "resumed":
      return typeof run === "string";
    case "formats":
      return Array.isArray(formats) && formats.every(isFormat);
    case "complete":
      return Array.isArray(byteLengths) && byteLengths.every(isCount);
    default:
      return true;
  }
}

function isFormat(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { type, bands, block } = value as Record<string, unknown>;
  return typeof type === "string" && isDataType(type) && isCount(bands) && isCount(block);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.values(value).every((item) => typeof item === "string");
}

function notARecord(): TypeError {
  return new TypeError("this is no record of a journal");
}
