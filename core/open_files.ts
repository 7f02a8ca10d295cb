/**
 * How many files this process may still open, sockets and pipes included.
 *
 * @module
 */

/** A count holds for as many questions at least; each may be about a file that is opened then. */
const FRESH_QUESTIONS = 16;
/** So long it holds where half of the files are in use, milliseconds. To count a thousand takes some ten milliseconds. */
const FRESH_MS = 200;

/** Counts this process's open files, when it is asked. */
export class OpenFiles {
  readonly #count: () => number | undefined;
  readonly #limit: () => number | undefined;
  #knownLimit: number | undefined;
  #free = Infinity;
  #countedMs = 0;
  /** That may still be answered by the last count. */
  #questions = 0;

  /** @param system tells the limit and the count; undefined where it does not say. */
  constructor(
    system: { limit(): number | undefined; count(): number | undefined } = {
      limit: openFileLimit,
      count: openFileCount,
    },
  ) {
    this.#limit = () => system.limit();
    this.#count = () => system.count();
  }

  /** The most files that may be open; Infinity where the system does not say. */
  get limit(): number {
    return this.#knownLimit ??= this.#limit() ?? Infinity;
  }

  /** How many more may be opened; Infinity where the system does not say. Whoever asks is taken to open one. */
  free(): number {
    if (this.limit === Infinity) return Infinity;
    const nowMs = performance.now();
    const isOld = this.#free < this.limit / 2 && nowMs - this.#countedMs >= FRESH_MS;
    if (this.#questions-- <= 0 || isOld) this.#recount(nowMs);
    return this.#free--;
  }

  #recount(nowMs: number): void {
    const count = this.#count();
    this.#free = count === undefined ? Infinity : this.limit - count;
    this.#countedMs = nowMs;
    this.#questions = Math.max(FRESH_QUESTIONS, Math.min(this.#free, this.limit) / 8);
  }
}

/** The soft limit (RLIMIT_NOFILE), which Deno raises to the hard one as it starts. */
function openFileLimit(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const soft = /^Max open files +(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    // No such file system in this container, or no permission for it: then what happens at the limit has to do.
    return undefined;
  }
}

function openFileCount(): number | undefined {
  try {
    let count = 0;
    for (const _file of Deno.readDirSync("/proc/self/fd")) count++;
    return count;
  } catch {
    // At the limit the list itself can't be opened.
    return openFileLimit();
  }
}
