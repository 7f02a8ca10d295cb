/**
 * How many input files each reading thread keeps open: processes have a limit, and the threads of one share it.
 *
 * @module
 */

/** For the manager's outputs, lock and journal, its connections, and what the user function opens. */
const RESERVED = 128;

/** The least limit that systems start with: that of another machine is not known here. */
const COMMON_LIMIT = 1024;

/** Files are opened again in microseconds, so a thread needs few; but on a network each costs a round trip. */
const LEAST = 4;

/** What shares a process's open files. */
export interface ReadingThreads {
  /** The limit of open files of this process. */
  readonly limit: number;
  /** Threads that read in one process. */
  readonly threads: number;
  /** Whether that is this process. */
  readonly areHere: boolean;
}

/** The most files that each of these threads should keep open. */
export function openFilesPerThread({ limit, threads, areHere }: ReadingThreads): number {
  const known = areHere ? limit : Math.min(limit, COMMON_LIMIT);
  // With a low limit half of it is as much as can be reserved.
  const free = Math.max(known - RESERVED, known / 2);
  return Math.max(LEAST, Math.floor(free / Math.max(1, threads)));
}
