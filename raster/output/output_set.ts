/**
 * All outputs of one run: none of them, or all of them whole.
 *
 * @module
 */
import { dirname } from "@std/path";
import { LockedError, messageOf, RasterError } from "../../core/errors.ts";
import type { OutputSummary } from "../apply_options.ts";
import type { MetadataItem } from "../geotiff/gdal_metadata_encode.ts";
import { type GeoTiffSpec, GeoTiffWriter } from "../geotiff/geotiff_writer.ts";
import { OutputLock } from "./output_lock.ts";
import { type NamedPath, type ResolvedOutput, resolveOutputs } from "./output_paths.ts";
import { partPath } from "./part_file.ts";
import { errorCode, writeError } from "./write_error.ts";

/** One output as it is wanted. */
export interface PlannedOutput extends NamedPath {
  /** What is known of the file before its first block. */
  readonly spec: GeoTiffSpec;
}

/** Options of {@linkcode OutputSet.open}. */
export interface OpenOutputsOptions {
  /** The run's id, which is like no other's. */
  readonly runId: string;
  /** The run's inputs: an output must be none of them. */
  readonly inputs: readonly NamedPath[];
  /** Take locks from whoever holds them. Default false. */
  readonly takeOver?: boolean;
  /** Hears each line that the user should see. Default nobody. */
  readonly onNotice?: (line: string) => void;
}

/** One output in hand. */
interface OpenOutput extends ResolvedOutput {
  readonly spec: GeoTiffSpec;
  readonly lock: OutputLock;
  readonly writer: GeoTiffWriter;
}

/**
 * The outputs of one run, locked and open. Tiles go in through {@linkcode OutputSet.writer}; then `commit()` puts all
 * files in place, or `abort()` leaves none.
 */
export class OutputSet implements Disposable {
  readonly #outputs: ReadonlyMap<string, OpenOutput>;
  #settled = false;

  private constructor(outputs: readonly OpenOutput[]) {
    this.#outputs = new Map(outputs.map((output) => [output.name, output]));
  }

  /**
   * Checks all outputs, takes their locks and creates their part files. A part file that a run left which is no more
   * is removed, and said so. If anything fails, nothing is left.
   *
   * @throws {ConfigError} if an output is given twice, or is an input too.
   * @throws {LockedError} if another run holds one of them.
   * @throws {RasterError} if one can't be written.
   */
  static async open(planned: readonly PlannedOutput[], options: OpenOutputsOptions): Promise<OutputSet> {
    const resolved = resolveOutputs(planned, options.inputs);
    const locks = new Map<string, OutputLock>();
    const writers = new Map<string, GeoTiffWriter>();
    try {
      // In one order for all runs, so that of two with outputs in common one gets them all.
      const paths = resolved.map(({ realPath }) => realPath).sort();
      for (const path of paths) locks.set(path, await OutputLock.acquire(path, options));
      const outputs = resolved.map((output, index): OpenOutput => {
        const { realPath } = output;
        removeOrphan(realPath, options.onNotice);
        const { spec } = planned[index]!;
        const writer = GeoTiffWriter.create(realPath, spec);
        writers.set(realPath, writer);
        return { ...output, spec, lock: locks.get(realPath)!, writer };
      });
      return new OutputSet(outputs);
    } catch (error) {
      for (const writer of writers.values()) writer.abort();
      for (const lock of locks.values()) lock.release();
      throw error;
    }
  }

  /**
   * The writer of an output.
   *
   * @throws {RangeError} if there is none of that name.
   */
  writer(name: string): GeoTiffWriter {
    const output = this.#outputs.get(name);
    if (!output) throw new RangeError(`There is no output '${name}'`);
    return output.writer;
  }

  /**
   * Finishes all files, then gives each its final name, and waits until the disk has it all. After an error from
   * finishing nothing has its final name, and `abort()` leaves nothing. After a rename that failed, files that are
   * complete stay as they are, in place or under their part names, and the error says which.
   *
   * @param metadata What is only known now, such as statistics, by the output's name.
   * @returns What was made, in the order of the outputs.
   * @throws {LockedError} if a lock has passed to another run; its output is not touched.
   * @throws {RasterError} if a file is not complete, can't be written, or can't be renamed.
   */
  commit(metadata: Readonly<Record<string, readonly MetadataItem[]>> = {}): OutputSummary[] {
    const outputs = [...this.#outputs.values()];
    for (const { lock } of outputs) lock.check();
    for (const { name, writer } of outputs) {
      writer.finish(Object.hasOwn(metadata, name) ? metadata[name] : []);
    }
    for (const { lock } of outputs) lock.check();
    const inPlace: string[] = [];
    for (const { lock, writer } of outputs) {
      try {
        lock.check();
        writer.publish();
        inPlace.push(writer.path);
      } catch (error) {
        if (error instanceof LockedError && inPlace.length === 0) throw error;
        this.#settle();
        throw halfwayError(error, { inPlace, rest: outputs.slice(inPlace.length) });
      }
    }
    syncFolders(inPlace);
    this.#settle();
    return outputs.map(summarise);
  }

  /** Removes all part files and locks, unless `commit()` is done. Idempotent. */
  abort(): void {
    if (this.#settled) return;
    const failures: unknown[] = [];
    for (const { writer } of this.#outputs.values()) attempt(() => writer.abort(), failures);
    for (const { lock } of this.#outputs.values()) attempt(() => lock.release(), failures);
    this.#settled = true;
    if (failures.length > 0) throw failures[0];
  }

  /** As {@linkcode abort}. */
  [Symbol.dispose](): void {
    this.abort();
  }

  #settle(): void {
    for (const { lock } of this.#outputs.values()) lock.release();
    this.#settled = true;
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
function removeOrphan(path: string, onNotice: OpenOutputsOptions["onNotice"]): void {
  const orphan = partPath(path);
  try {
    Deno.removeSync(orphan);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw writeError(path, error, `'${orphan}' is in the way and could not be removed`);
  }
  onNotice?.(`Removed '${orphan}', which a run that did not end well had left behind`);
}

function halfwayError(
  cause: unknown,
  { inPlace, rest }: { inPlace: readonly string[]; rest: readonly OpenOutput[] },
): RasterError {
  const list = (paths: readonly string[]) => paths.map((path) => `'${path}'`).join(", ");
  const done = inPlace.length === 0 ? "No output is in place" : `In place: ${list(inPlace)}`;
  const parts = list(rest.map(({ writer }) => writer.partPath));
  return new RasterError(
    `${
      messageOf(cause)
    }. ${done}; complete, but still under their part names: ${parts}: rename them, or run again`,
    { cause },
  );
}

/** A rename is only kept through a power cut once its folder is synced; Windows can't and need not. */
function syncFolders(paths: readonly string[]): void {
  if (Deno.build.os === "windows") return;
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    try {
      using file = Deno.openSync(folder, { read: true });
      file.syncSync();
    } catch (error) {
      // Some file systems can't sync a folder, and one that may not be read can't be opened for it.
      if (["EINVAL", "ENOTSUP", "EACCES"].includes(errorCode(error) ?? "")) continue;
      throw writeError(folder, error, "all outputs are in place, but their folder could not be synced");
    }
  }
}

function summarise({ name, path, spec, writer }: OpenOutput): OutputSummary {
  const { dataType, bands } = writer.format!;
  const { width, height } = spec.layout;
  return { name, path, width, height, bands, type: dataType, bytes: writer.byteLength };
}
