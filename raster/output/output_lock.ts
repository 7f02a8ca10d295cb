/**
 * The lock beside an output: two runs never write one file.
 *
 * @module
 */
import { LockedError, RasterError } from "../../core/errors.ts";
import { livenessOf, ownIdentity, type ProcessIdentity } from "../../core/process_identity.ts";
import { NotRegularFileError, openRegularFile } from "../../core/regular_file.ts";
import { writeError } from "./write_error.ts";

/** What a lock file says of its holder. */
export interface LockHolder extends ProcessIdentity {
  /** The run's id. */
  readonly run: string;
  /** When the run began, ISO 8601. */
  readonly startedAt: string;
}

/** Options of {@linkcode OutputLock.acquire}. */
export interface AcquireLockOptions {
  /** The run's id, which is like no other's. */
  readonly runId: string;
  /** Take the lock from whoever holds it. Default false. */
  readonly takeOver?: boolean;
  /** Hears, in one line, of a lock that was taken from another run. Default nobody. */
  readonly onNotice?: (line: string) => void;
}

/** The lock's path. */
export function lockPath(output: string): string {
  return `${output}.lock`;
}

/** How often a held lock's time is renewed, for people and for machines that share a name. */
const TOUCH_MS = 10_000;

/** How long a lock may say nothing legible: its holder creates it first and then writes into it. */
const ILLEGIBLE_MS = 1000;

/** Locks are some 200 bytes long; what is longer is none and is not read further. */
const MAX_LOCK_BYTES = 1 << 16;

/**
 * A lock in the hands of this run. Creating the file is what decides between runs; whoever changes or removes one that
 * stands does so under the file's flock, and only after making sure that its name still stands for that file.
 */
export class OutputLock implements Disposable {
  /** The output that it guards. */
  readonly output: string;
  /** The id of the run that it was taken from; undefined if nobody had it, or nobody legible. */
  readonly takenFrom: string | undefined;
  readonly #path: string;
  readonly #content: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #touchFailure: unknown;

  private constructor(output: string, content: string, takenFrom?: string) {
    this.output = output;
    this.takenFrom = takenFrom;
    this.#path = lockPath(output);
    this.#content = content;
    this.#timer = setInterval(() => this.#touch(), TOUCH_MS);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  /**
   * Takes the lock of `output`. One that a dead process of this machine left behind is taken, and said so; so is one
   * that stays empty, since its maker was killed before it wrote into it.
   *
   * @throws {LockedError} if a run that lives, or of which nothing is known, holds it.
   * @throws {RasterError} if the lock file can't be created, or something else than a file stands at its place.
   */
  static async acquire(output: string, options: AcquireLockOptions): Promise<OutputLock> {
    const holder: LockHolder = {
      run: options.runId,
      ...ownIdentity(),
      startedAt: new Date().toISOString(),
    };
    const content = JSON.stringify(holder) + "\n";
    const path = lockPath(output);
    const deadline = performance.now() + ILLEGIBLE_MS;
    while (true) {
      // Whoever takes a maker that was stopped before its first write for dead has replaced the file: read it back.
      if (create(path, output, content) && look(path, output)?.content === content) {
        return new OutputLock(output, content);
      }
      const found = look(path, output);
      // Its holder removed it in this moment.
      if (!found) continue;
      if (!found.holder && !options.takeOver && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      const liveness = found.holder
        ? livenessOf(found.holder, found.lastTouched)
        : found.content === ""
        ? "dead"
        : "unknown";
      if (liveness !== "dead" && !options.takeOver) throw lockedError(output, found, liveness);
      if (replace(path, output, { found, content })) {
        const why = liveness === "dead" ? "which has ended" : "as asked";
        options.onNotice?.(`Took the lock of '${output}' from ${describeHolder(found)}, ${why}`);
        return new OutputLock(output, content, found.holder?.run);
      }
    }
  }

  /** Whether the lock is still this run's. Ask before anything that can't be taken back. */
  isOwn(): boolean {
    return look(this.#path, this.output)?.content === this.#content;
  }

  /**
   * Makes sure that the lock is still this run's.
   *
   * @throws {LockedError} naming who has it now.
   */
  check(): void {
    const found = look(this.#path, this.output);
    if (found?.content === this.#content) return;
    const now = found ? `is now held by ${describeHolder(found)}` : "was removed by someone";
    throw new LockedError(
      `The lock of '${this.output}' is no longer this run's: it ${now}. Nothing more was written to it`,
      found ? describeHolder(found) : "nobody",
      { cause: this.#touchFailure },
    );
  }

  /** Removes the lock if it is still this run's. Idempotent. */
  release(): void {
    clearInterval(this.#timer);
    underFlock(this.#path, this.output, (content) => {
      if (content === this.#content) Deno.removeSync(this.#path);
    });
  }

  /** As {@linkcode release}. */
  [Symbol.dispose](): void {
    this.release();
  }

  #touch(): void {
    try {
      if (this.isOwn()) Deno.utimeSync(this.#path, new Date(), new Date());
      else clearInterval(this.#timer);
      this.#touchFailure = undefined;
    } catch (error) {
      // A network file system may be back in ten seconds; if not, `check()` tells.
      this.#touchFailure = error;
    }
  }
}

interface FoundLock {
  readonly content: string;
  /** Undefined if the content is not legible. */
  readonly holder: LockHolder | undefined;
  readonly lastTouched: Date | null;
}

/** Creates the lock file; false if there is one. */
function create(path: string, output: string, content: string): boolean {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw writeError(output, error, `its lock '${path}' could not be made`);
  }
  try {
    // Until the content is there, nobody who looks under the flock sees an empty lock.
    file.lockSync(true);
    writeAll(file, content);
  } catch (error) {
    Deno.removeSync(path);
    throw writeError(output, error, `its lock '${path}' could not be made`);
  } finally {
    file.close();
  }
  return true;
}

function look(path: string, output: string): FoundLock | undefined {
  try {
    using file = openRegularFile(path);
    const content = readAll(file);
    return { content, holder: parseHolder(content), lastTouched: file.statSync().mtime };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw lockFileError(output, error, "read");
  }
}

/** Why a lock file can't be used, and what to do about it. */
function lockFileError(output: string, error: unknown, what: string): Error {
  const path = lockPath(output);
  if (error instanceof NotRegularFileError) {
    return new RasterError(
      `Cannot write '${output}': its lock '${path}' is not ours: ${error.message}. Look who put it there, and remove it`,
      { cause: error },
    );
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new LockedError(
      `'${output}' is locked by another user's run: you may not read its lock '${path}'. Wait for that run or ask its ` +
        `user; if you know that it has ended, remove the lock`,
      "another user's run",
      { cause: error },
    );
  }
  return writeError(output, error, `its lock '${path}' could not be ${what}`);
}

/** Puts our content in place of what was found; false if the lock has changed since. */
function replace(
  path: string,
  output: string,
  { found, content }: { found: FoundLock; content: string },
): boolean {
  let replaced = false;
  underFlock(path, output, (now) => {
    if (now !== found.content) return;
    // By a rename, so that no one ever reads half of it.
    const fresh = `${path}.${crypto.randomUUID()}`;
    if (!create(fresh, output, content)) return;
    try {
      Deno.renameSync(fresh, path);
    } catch (error) {
      Deno.removeSync(fresh);
      throw writeError(output, error, `its lock '${path}' could not be replaced`);
    }
    replaced = true;
  });
  return replaced;
}

/** Runs `action` with the lock file's content while no one else can be in here; not at all if the file has gone. */
function underFlock(path: string, output: string, action: (content: string) => void): void {
  let file: Deno.FsFile;
  try {
    file = openRegularFile(path, { write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw lockFileError(output, error, "opened");
  }
  try {
    file.lockSync(true);
    // From this very handle: at the limit of open files there is no other.
    const content = readAll(file);
    const mine = file.statSync();
    const there = statOf(path, output);
    if (there?.ino === mine.ino && there.dev === mine.dev) action(content);
  } finally {
    file.close();
  }
}

function statOf(path: string, output: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw writeError(output, error, `its lock '${path}' could not be read`);
  }
}

function readAll(file: Deno.FsFile): string {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  let text = "";
  for (let count = file.readSync(buffer); count !== null; count = file.readSync(buffer)) {
    if (text.length > MAX_LOCK_BYTES) break;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text + decoder.decode();
}

function parseHolder(content: string): LockHolder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { run, host, pid, processStart, space, startedAt } = value as Record<string, unknown>;
  const texts = [run, host, processStart, space, startedAt];
  if (!Number.isSafeInteger(pid) || texts.some((text) => typeof text !== "string")) return undefined;
  return value as LockHolder;
}

function describeHolder({ content, holder, lastTouched }: FoundLock): string {
  const touched = lastTouched ? `, last touched ${lastTouched.toISOString()}` : "";
  if (!holder) return `${content === "" ? "a run that was killed as it began" : "an unknown run"}${touched}`;
  return `run ${holder.run} (process ${holder.pid} on ${holder.host}, started ${holder.startedAt}${touched})`;
}

function lockedError(output: string, found: FoundLock, liveness: string): LockedError {
  const who = describeHolder(found);
  const state = liveness === "live" ? "is still running" : "may still be running";
  return new LockedError(
    `'${output}' is locked by ${who}, which ${state}. Wait for it or end it; if you know that it has ended, ` +
      `use --take-over (takeOver)`,
    who,
  );
}

function writeAll(file: Deno.FsFile, text: string): void {
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.byteLength) written += file.writeSync(bytes.subarray(written));
}
