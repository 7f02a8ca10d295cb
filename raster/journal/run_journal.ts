/**
 * The journal of a run that is under way.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { BlockfleetError } from "../../core/errors.ts";
import { GroupCommit } from "../../core/journal/group_commit.ts";
import { payloadToBytes } from "../../core/journal/payload_bytes.ts";
import { RecordFile } from "../../core/journal/record_file.ts";
import { syncFolderSync } from "../../core/sync_folder.ts";
import type { OutputSet } from "../output/output_set.ts";
import { writeError } from "../output/write_error.ts";
import { encodeRecord, type HeaderRecord, type JournalRecord } from "./journal_records.ts";

/** Tiles and the records that name them are safe this soon. */
const GROUP_MS = 1000;

/** A record, ready to be written. */
interface EncodedRecord {
  readonly kind: JournalRecord["kind"];
  readonly body: Uint8Array<ArrayBuffer>;
}

function encode(record: JournalRecord): EncodedRecord {
  return { kind: record.kind, body: payloadToBytes(encodeRecord(record)) };
}

/** What an earlier run has written. */
export interface ResumedJournal {
  /** How much of the file is good. */
  readonly goodBytes: number;
  /** Blocks that are done. */
  readonly blocks: number;
  /** Whether all files are complete. */
  readonly isComplete: boolean;
}

/** What a journal belongs to. */
export interface RunJournalOptions {
  /** Its path. */
  readonly path: string;
  /** Its first record. */
  readonly header: HeaderRecord;
  /** The outputs, locked. */
  readonly outputs: OutputSet;
  /** What an earlier run has written of it, to go on with. */
  readonly resumed?: ResumedJournal | undefined;
  /** Hears, at once, that it can't be written any more. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Notes what is done. Before anything is written the tiles that it is about are synced and the outputs' locks are read
 * back. The file begins with the first group, so that a run of which nothing is worth keeping has none.
 */
export class RunJournal {
  readonly #options: RunJournalOptions;
  readonly #groups: GroupCommit<EncodedRecord>;
  #file: RecordFile | undefined;
  #beginning: Promise<void> | undefined;
  #blocksKept = 0;
  #isComplete = false;

  /**
   * The journal of a new run, or of one that goes on with an earlier one's.
   *
   * @throws {RasterError} if the earlier one's can't be opened.
   */
  constructor(options: RunJournalOptions) {
    const { path, header, resumed, onFailure } = options;
    this.#options = options;
    this.#groups = new GroupCommit({
      intervalMs: GROUP_MS,
      commit: (records) => this.#inWords(() => this.#commit(records)),
      onFailure,
    });
    if (!resumed) return;
    try {
      this.#file = RecordFile.reopen(path, resumed.goodBytes);
      this.#beginning = Promise.resolve();
    } catch (error) {
      throw writeError(path, error);
    }
    this.#blocksKept = resumed.blocks;
    this.#isComplete = resumed.isComplete;
    if (!resumed.isComplete) this.add({ kind: "resumed", run: header.run });
  }

  /** Its path. */
  get path(): string {
    return this.#options.path;
  }

  /** Blocks that a later run can go on from. */
  get blocksKept(): number {
    return this.#blocksKept;
  }

  /** Whether all files are complete and the journal says so. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * Adds a record, to be safe within a second. What it holds may change afterwards.
   *
   * @throws what kept an earlier one from being written.
   */
  add(record: JournalRecord): void {
    this.#groups.add(encode(record));
  }

  /**
   * Writes what has not been written yet.
   *
   * @throws {LockedError} if a lock has passed to another run.
   * @throws {RasterError} if it can't be written.
   */
  async flush(): Promise<void> {
    const records = await this.#groups.take();
    if (records.length > 0) await this.#inWords(() => this.#commit(records));
  }

  /**
   * Completes all files, then writes what has not been written yet, and that they are complete.
   *
   * @param finish completes the files and gives their lengths, in the order of the outputs. Not called while a group is being
   * committed, which writes to them too.
   * @throws {LockedError} if a lock has passed to another run.
   * @throws {RasterError} if it can't be written.
   */
  async complete(finish: () => readonly number[]): Promise<void> {
    await this.#groups.idle();
    // In a run of less than a second too: files that look complete, with no journal that tells of them, could only be
    // taken for another run's.
    await this.#inWords(() => this.#begun());
    await this.#groups.idle();
    const byteLengths = finish();
    const records = await this.#groups.take();
    await this.#inWords(() => this.#write([...records, encode({ kind: "complete", byteLengths })]));
    this.#isComplete = true;
  }

  /** Closes the journal and leaves it. Idempotent. */
  close(): void {
    this.#groups.stop();
    this.#file?.close();
  }

  /**
   * Closes and removes the journal, if it was begun. Idempotent.
   *
   * @throws {RasterError} if it can't be removed.
   */
  remove(): void {
    this.close();
    if (!this.#file) return;
    try {
      Deno.removeSync(this.#options.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw writeError(this.#options.path, error, "it could not be removed");
    }
  }

  async #commit(records: readonly EncodedRecord[]): Promise<void> {
    await this.#begun();
    await this.#options.outputs.sync();
    await this.#write(records);
  }

  async #write(records: readonly EncodedRecord[]): Promise<void> {
    this.#options.outputs.checkLocks();
    const file = this.#file!;
    file.append(records.map(({ body }) => body));
    await file.sync();
    for (const { kind } of records) if (kind === "block") this.#blocksKept++;
  }

  /** Settles when the file is on the disk with its header, and the part files say that it tells of them. */
  #begun(): Promise<void> {
    return this.#beginning ??= this.#begin();
  }

  async #begin(): Promise<void> {
    const { path, header, outputs } = this.#options;
    outputs.checkLocks();
    this.#file = RecordFile.create(path);
    this.#file.append([encode(header).body]);
    await this.#file.sync();
    syncFolderSync(dirname(path));
    outputs.mark();
  }

  async #inWords(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw error instanceof BlockfleetError ? error : writeError(this.#options.path, error);
    }
  }
}
