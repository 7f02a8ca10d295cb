/**
 * What a journal says of the run that wrote it.
 *
 * @module
 */
import { BlockfleetError, ConfigError, messageOf, RasterError } from "../../core/errors.ts";
import { type ReadRecord, RecordDamageError, RecordReader } from "../../core/journal/record_reader.ts";
import {
  type BlockRecord,
  decodeRecord,
  type HeaderRecord,
  JOURNAL_FORMAT,
  type JournalRecord,
  type OutputFormat,
} from "./journal_records.ts";
import { differences, type RunFacts } from "./run_facts.ts";

/** A journal, read from beginning to end. */
export interface JournalState {
  /** Its path. */
  readonly path: string;
  /** The id of the last run that wrote it. */
  readonly run: string;
  /** The ids of all runs that wrote it. */
  readonly runs: readonly string[];
  /** How much of the file is good; a torn end lies behind. */
  readonly goodBytes: number;
  /** The outputs' types and bands; empty if no block is done. */
  readonly formats: readonly OutputFormat[];
  /** Where the last record of each block begins; 0 for a block without one. */
  readonly places: Float64Array<ArrayBuffer>;
  /** Blocks that have a record. */
  readonly blocksDone: number;
  /** The files' lengths, if all were complete. */
  readonly complete: readonly number[] | undefined;
}

/** What a journal is read for. */
export interface ReadJournalOptions {
  /** What this run is. */
  readonly facts: RunFacts;
  /** Its blocks. */
  readonly blockCount: number;
  /** The number of its outputs. */
  readonly outputCount: number;
  /** Hears each line that the user should see. */
  readonly onNotice: (line: string) => void;
}

/**
 * Reads a journal and makes sure that it is of a run like this one.
 *
 * @returns undefined if not even its first record was written whole.
 * @throws {ConfigError} if the journal is of another run, saying what is different, or can't be gone on with.
 * @throws {RasterError} if it is damaged or can't be read.
 */
export function readJournal(path: string, options: ReadJournalOptions): JournalState | undefined {
  using journal = openJournal(path);
  let header: HeaderRecord | undefined;
  const runs: string[] = [];
  let formats: readonly OutputFormat[] = [];
  let complete: readonly number[] | undefined;
  let blocksDone = 0;
  let places = new Float64Array(0);
  for (const { offset, record } of journal.records()) {
    if (!header) {
      header = requireHeader(path, record, options);
      runs.push(header.run);
      places = new Float64Array(header.blockCount);
      continue;
    }
    switch (record.kind) {
      case "header":
        throw damaged(path, "it has two headers");
      case "resumed":
        runs.push(record.run);
        break;
      case "formats":
        if (record.formats.length !== options.outputCount) throw damaged(path, "its outputs are not as many");
        formats = record.formats;
        break;
      case "block":
        requireBlock(path, record, { ...options, formats });
        if (places[record.block] === 0) blocksDone++;
        places[record.block] = offset;
        break;
      case "argsChanged":
        throw new ConfigError(
          `'${path}' can't be resumed: the user function changes its otherArgs, and the copies of the workers that made ` +
            `these blocks are gone. Let its module export mergeOtherArgs, or use --restart (restart: true) to begin anew`,
        );
      case "complete":
        if (record.byteLengths.length !== options.outputCount || formats.length === 0) {
          throw damaged(path, "its outputs are not as many");
        }
        complete = record.byteLengths;
    }
  }
  if (complete && blocksDone !== options.blockCount) {
    throw damaged(path, "it lacks blocks of complete outputs");
  }
  const { goodBytes, tornBytes } = journal;
  if (tornBytes > 0) {
    options.onNotice(
      `Cut ${tornBytes} bytes off the end of '${path}': a group of records that was not written whole`,
    );
  }
  const run = runs.at(-1)!;
  return header && { path, run, runs, goodBytes, formats, places, blocksDone, complete };
}

/** Whether a journal that can be read says that all files were complete. */
export function isCompleteJournal(path: string): boolean {
  try {
    using journal = openJournal(path);
    for (const { record } of journal.records()) if (record.kind === "complete") return true;
  } catch (error) {
    if (!(error instanceof BlockfleetError)) throw error;
  }
  return false;
}

/**
 * The last record of each block, in the order in which they were written.
 *
 * @throws {RasterError} if the journal can't be read.
 */
export function* blockRecords({ path, places, goodBytes }: JournalState): Generator<BlockRecord, void, void> {
  using journal = openJournal(path);
  for (const { offset, record } of journal.records()) {
    if (offset >= goodBytes) return;
    if (record.kind === "block" && places[record.block] === offset) yield record;
  }
}

interface OpenJournal extends Disposable {
  readonly goodBytes: number;
  readonly tornBytes: number;
  records(): Generator<{ offset: number; record: JournalRecord }, void, void>;
}

function openJournal(path: string): OpenJournal {
  const inWords = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof RecordDamageError) throw damaged(path, messageOf(error), error);
      throw new RasterError(`Cannot read the journal '${path}': ${messageOf(error)}`, { cause: error });
    }
  };
  const reader = inWords(() => new RecordReader(path));
  return {
    get goodBytes() {
      return reader.goodBytes;
    },
    get tornBytes() {
      return reader.tornBytes;
    },
    *records() {
      const raw = reader.records();
      for (let next = inWords(() => raw.next()); !next.done; next = inWords(() => raw.next())) {
        yield { offset: next.value.offset, record: decode(path, next.value) };
      }
    },
    [Symbol.dispose]: () => reader[Symbol.dispose](),
  };
}

function decode(path: string, { offset, payload }: ReadRecord): JournalRecord {
  try {
    return decodeRecord(payload);
  } catch (error) {
    if (error instanceof TypeError) throw damaged(path, `its record at byte ${offset} is none`, error);
    throw error;
  }
}

function requireHeader(path: string, record: JournalRecord, options: ReadJournalOptions): HeaderRecord {
  if (record.kind !== "header") throw damaged(path, "it does not begin with a header");
  if (record.format !== JOURNAL_FORMAT) {
    throw new ConfigError(
      `'${path}' is a journal of format ${record.format}, this program knows ${JOURNAL_FORMAT}: resume with the version of ` +
        `blockfleet that wrote it, or use --restart (restart: true) to begin anew`,
    );
  }
  const different = differences(record.facts, options.facts);
  if (different.length > 0) {
    const shown = different.slice(0, 3).join("; ");
    const more = different.length > 3 ? `; and ${different.length - 3} more` : "";
    throw new ConfigError(
      `'${path}' is of another run: ${shown}${more}. Give the same as then, or use --restart (restart: true) to begin anew`,
    );
  }
  if (record.blockCount !== options.blockCount) throw damaged(path, "its blocks are not as many");
  return record;
}

function requireBlock(
  path: string,
  { block, outputs }: BlockRecord,
  options: ReadJournalOptions & { readonly formats: readonly OutputFormat[] },
): void {
  if (block >= options.blockCount) throw damaged(path, `it tells of block ${block} of ${options.blockCount}`);
  if (options.formats.length !== options.outputCount || outputs.length !== options.outputCount) {
    throw damaged(path, "its outputs are not as many");
  }
}

/** The error of a run without outputs that is to be gone on with. */
export function nothingToResumeError(): ConfigError {
  return new ConfigError("There is nothing to resume: only a run with outputs keeps what it has done");
}

function damaged(path: string, how: string, cause?: unknown): RasterError {
  return new RasterError(
    `The journal '${path}' is damaged: ${how}. Use --restart (restart: true) to begin anew`,
    { cause },
  );
}
