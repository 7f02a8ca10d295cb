/**
 * All outputs of one run: none of them, or all of them whole.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { LockedError, messageOf, RasterError } from "../../core/errors.ts";
import { syncFolderSync } from "../../core/sync_folder.ts";
import type { OutputSummary } from "../apply_options.ts";
import { type GeoTiffSpec, GeoTiffWriter } from "../geotiff/geotiff_writer.ts";
import { absolutePath } from "../source/real_location.ts";
import { localPath } from "./file_claims.ts";
import { type FinishedFacts, FinishedPart } from "./finished_part.ts";
import { lockPath, OutputLock } from "./output_lock.ts";
import { type NamedPath, type OtherFiles, type ResolvedOutput, resolveOutputs } from "./output_paths.ts";
import { missingPartError, partPath } from "./part_file.ts";
import { removeSidecars } from "./remove_sidecars.ts";
import { writeError } from "./write_error.ts";

/** One output as it is wanted. */
export interface PlannedOutput extends NamedPath {
  /** What is known of the file before its first block. */
  readonly spec: GeoTiffSpec;
}

/** Options of {@linkcode OutputSet.lock}. */
export interface LockOutputsOptions {
  /** The run's id, which is like no other's. */
  readonly runId: string;
  /** The run's other files: an output must be none of them. */
  readonly others: OtherFiles;
  /** Take locks from whoever holds them. Default false. */
  readonly takeOver?: boolean;
  /** Hears each line that the user should see. Default nobody. */
  readonly onNotice?: (line: string) => void;
}

/** One output, locked. */
interface LockedOutput extends ResolvedOutput {
  /** Its absolute path as it was given: where it is a link, what lies beside the link counts, too. */
  readonly linkPath: string;
  readonly spec: GeoTiffSpec;
  readonly lock: OutputLock;
}

/** The file of an output on its way to its final name. */
type OutputFile = GeoTiffWriter | FinishedPart;

/**
 * The outputs of one run. They are locked, then their part files are created or an earlier run's are opened; tiles go
 * in through {@linkcode OutputSet.writer}. At the end `finish()` completes all files under their part names and
 * `publish()` gives them their final ones; or `abort()` leaves none of them, or `leave()` all of them as they are.
 */
export class OutputSet implements Disposable {
  readonly #outputs: readonly LockedOutput[];
  /**
   * Absolute paths of the run's other files, which are no sidecars of an output even if they are called so. At the end it would
   * be late to find them: the user function may have changed the working folder.
   */
  readonly #otherPaths: readonly string[];
  readonly #onNotice: ((line: string) => void) | undefined;
  readonly #files = new Map<string, OutputFile>();
  /** Given up at the end: at the limit of open files there would be none to read a lock with, and all would be left. */
  #reserve: Deno.FsFile | undefined;
  #isHalfway = false;
  #settled = false;

  private constructor(outputs: readonly LockedOutput[], options: LockOutputsOptions) {
    this.#outputs = outputs;
    const { read, written } = options.others;
    this.#otherPaths = [...read, ...written].flatMap(({ path }) => {
      const local = localPath(path);
      return local === undefined ? [] : [absolutePath(local)];
    });
    this.#onNotice = options.onNotice;
    if (outputs.length > 0) this.#reserve = openReserve(outputs[0]!.realPath);
  }

  /**
   * Checks where the outputs are to stand and takes their locks. If anything fails, nothing is left.
   *
   * @throws {ConfigError} if an output is given twice, or is a file that the run reads.
   * @throws {LockedError} if another run holds one of them.
   * @throws {RasterError} if one can't be written.
   */
  static async lock(planned: readonly PlannedOutput[], options: LockOutputsOptions): Promise<OutputSet> {
    const resolved = resolveOutputs(planned, options.others);
    const locks = new Map<string, OutputLock>();
    try {
      // In one order for all runs, so that of two with outputs in common one gets them all.
      const paths = resolved.map(({ realPath }) => realPath).sort();
      for (const path of paths) locks.set(path, await OutputLock.acquire(path, options));
      return new OutputSet(
        resolved.map((output, index) => ({
          ...output,
          linkPath: join(Deno.realPathSync(dirname(output.path)), basename(output.path)),
          spec: planned[index]!.spec,
          lock: locks.get(output.realPath)!,
        })),
        options,
      );
    } catch (error) {
      // What keeps one from being released must not hold the others, nor hide why there are not all.
      for (const lock of locks.values()) attempt(() => lock.release(), []);
      throw error;
    }
  }

  /** The outputs, in their order. */
  get outputs(): readonly ResolvedOutput[] {
    return this.#outputs;
  }

  /** The ids of the runs that locks were taken from. */
  get takenFrom(): readonly string[] {
    return this.#outputs.flatMap(({ lock }) => lock.takenFrom ?? []);
  }

  /**
   * Creates the part files. One that a run left which is no more is removed, and said so.
   *
   * @throws {RasterError} if one can't be created.
   */
  createParts(onNotice?: (line: string) => void): void {
    for (const { name, realPath, spec } of this.#outputs) {
      removeOrphan(realPath, onNotice);
      this.#files.set(name, GeoTiffWriter.create(realPath, spec));
    }
  }

  /**
   * Opens the part files of an earlier run.
   *
   * @throws {RasterError} if one is not there, or can't be opened.
   */
  reopenParts(): void {
    for (const { name, realPath, spec } of this.#outputs) {
      const writer = GeoTiffWriter.reopen(realPath, spec);
      if (!writer) throw missingPartError(realPath);
      this.#files.set(name, writer);
    }
  }

  /**
   * Finds the files that an earlier run has finished; `publish()` is all that is left to do.
   *
   * @param facts what each file is, in the order of the outputs.
   * @throws {RasterError} if one is nowhere, or is not as long as it was.
   */
  findFinished(facts: readonly FinishedFacts[]): void {
    this.#outputs.forEach(({ name, realPath }, index) => {
      this.#files.set(name, FinishedPart.find(realPath, facts[index]!));
    });
  }

  /**
   * The writer of an output.
   *
   * @throws {RangeError} if there is none of that name.
   */
  writer(name: string): GeoTiffWriter {
    const file = this.#files.get(name);
    if (!(file instanceof GeoTiffWriter)) throw new RangeError(`There is no output '${name}' being written`);
    return file;
  }

  /**
   * Makes sure that all locks are still this run's. Ask before anything that can't be taken back.
   *
   * @throws {LockedError} naming who has one now.
   */
  checkLocks(): void {
    for (const { lock } of this.#outputs) lock.check();
  }

  /** Whether all locks are still this run's. For the end: the handle that is kept for it is given up. */
  isOwn(): boolean {
    this.#giveUpReserve();
    return this.#outputs.every(({ lock }) => lock.isOwn());
  }

  /** The part files that somebody else has taken away. */
  lostParts(): string[] {
    return [...this.#files.values()].filter((file) => file.isLost()).map((file) => file.partPath);
  }

  /** Marks the part files as worth keeping; see {@linkcode GeoTiffWriter.mark}. */
  mark(): void {
    for (const { name } of this.#outputs) this.writer(name).mark();
  }

  /**
   * Waits until the device has all tiles that were written before.
   *
   * @throws {RasterError} if it refuses.
   */
  async sync(): Promise<void> {
    await Promise.all(this.#outputs.map(({ name }) => this.writer(name).sync()));
  }

  /**
   * Completes all files under their part names and waits until the disk has them. After an error nothing has its final
   * name.
   *
   * @returns the files' lengths, in the order of the outputs.
   * @throws {LockedError} if a lock has passed to another run.
   * @throws {RasterError} if a file is not complete, or can't be written.
   */
  finish(): number[] {
    this.checkLocks();
    return this.#outputs.map(({ name }) => {
      const writer = this.writer(name);
      writer.finish();
      return writer.byteLength;
    });
  }

  /**
   * Gives each file its final name, removes what lay beside the file that had it before, and waits until the disk has it
   * all. After a rename or a removal that failed, files stay as they are, in place or under their part names, and the
   * error says which. Not before the rename: until then the old file must be whole, with all that belongs to it. After a
   * kill between the two the journal is still there, and the run that goes on with it removes what is left.
   *
   * @returns what was made, in the order of the outputs.
   * @throws {LockedError} if a lock has passed to another run; its output is not touched.
   * @throws {RasterError} if a file can't be renamed, or what lies beside it can't be removed.
   */
  publish(): OutputSummary[] {
    this.checkLocks();
    const files = this.#outputs.map(({ name }) => this.#files.get(name)!);
    const removed: string[] = [];
    let inPlace = 0;
    for (const [index, { lock, linkPath, realPath }] of this.#outputs.entries()) {
      try {
        lock.check();
        files[index]!.publish();
        inPlace++;
        for (const one of new Set([linkPath, realPath])) {
          removed.push(...removeSidecars(one, this.#ownPaths()));
        }
      } catch (error) {
        if (error instanceof LockedError && index === 0) throw error;
        this.#isHalfway = true;
        throw halfwayError(error, { inPlace: files.slice(0, inPlace), rest: files.slice(inPlace) });
      }
    }
    if (removed.length > 0) this.#onNotice?.(removedLine(removed));
    syncFolders(files.map(({ path }) => path));
    return this.#outputs.map((output, index) => summarise(output, files[index]!));
  }

  /** Removes the locks; for when all is in its place. Idempotent. */
  release(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#giveUpReserve();
    const failures: unknown[] = [];
    for (const { lock } of this.#outputs) attempt(() => lock.release(), failures);
    if (failures.length > 0) throw failures[0];
  }

  /** Closes the part files, leaves them to a later run, and removes the locks. Idempotent. */
  leave(): void {
    if (this.#settled) return;
    const failures: unknown[] = [];
    for (const file of this.#files.values()) attempt(() => file.leave(), failures);
    attempt(() => this.release(), failures);
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Removes part files and locks; what is no longer this run's, or has its final name, stays, and after a
   * `publish()` that failed half-way all files do. Idempotent.
   */
  abort(): void {
    if (this.#settled) return;
    this.#giveUpReserve();
    const failures: unknown[] = [];
    for (const { name, lock } of this.#outputs) {
      const file = this.#files.get(name);
      attempt(() => {
        // Another run may go on with this very file.
        if (file instanceof GeoTiffWriter && !this.#isHalfway && lock.isOwn()) file.abort();
        else file?.leave();
      }, failures);
    }
    attempt(() => this.release(), failures);
    if (failures.length > 0) throw failures[0];
  }

  /** As {@linkcode abort}. */
  [Symbol.dispose](): void {
    this.abort();
  }

  #ownPaths(): string[] {
    return [...this.#otherPaths, ...this.#outputs.map(({ realPath }) => realPath)];
  }

  #giveUpReserve(): void {
    this.#reserve?.close();
    this.#reserve = undefined;
  }
}

function openReserve(path: string): Deno.FsFile {
  try {
    return Deno.openSync(lockPath(path), { read: true });
  } catch (error) {
    throw writeError(path, error, `its lock '${lockPath(path)}' could not be opened`);
  }
}

/** Keeps an error for later, so that one file's trouble does not leave the others behind. */
function attempt(action: () => void, failures: unknown[]): void {
  try {
    action();
  } catch (error) {
    failures.push(error);
  }
}

/** The caller holds the lock, so that whoever wrote the part file is no more, or was overruled. */
function removeOrphan(path: string, onNotice: ((line: string) => void) | undefined): void {
  const orphan = partPath(path);
  try {
    Deno.removeSync(orphan);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw writeError(path, error, `'${orphan}' is in the way and could not be removed`);
  }
  onNotice?.(`Removed '${orphan}', which a run that did not end well had left behind`);
}

function removedLine([first, ...others]: readonly string[]): string {
  const more = others.length > 0 ? ` and ${others.length} more such file(s)` : "";
  return `Removed '${first}'${more}, which described a raster that was replaced`;
}

function halfwayError(
  cause: unknown,
  { inPlace, rest }: { inPlace: readonly OutputFile[]; rest: readonly OutputFile[] },
): RasterError {
  const list = (paths: readonly string[]) => paths.map((path) => `'${path}'`).join(", ");
  const done = inPlace.length === 0
    ? "No output is in place"
    : `In place: ${list(inPlace.map(({ path }) => path))}`;
  const there = rest.filter((file) => !file.isLost());
  const parts = there.length === 0
    ? ""
    : `; complete, but still under their part names: ${list(there.map((file) => file.partPath))}`;
  return new RasterError(`${messageOf(cause)}. ${done}${parts}`, { cause });
}

function syncFolders(paths: readonly string[]): void {
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    try {
      syncFolderSync(folder);
    } catch (error) {
      throw writeError(folder, error, "all outputs are in place, but their folder could not be synced");
    }
  }
}

function summarise({ name, path, spec }: LockedOutput, file: OutputFile): OutputSummary {
  const { dataType, bands } = file.format!;
  const { width, height } = spec.layout;
  return { name, path, width, height, bands, type: dataType, bytes: file.byteLength };
}
