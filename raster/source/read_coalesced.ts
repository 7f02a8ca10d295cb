/**
 * Many small reads as few larger ones.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";

/** Reads of neighbours are joined up to this size, where each is waited for; also what is held in memory at a time of a file. */
const MAX_RUN_BYTES = 4 << 20;
/** Requests under way at a time, where there is something to wait for. */
const PARALLEL_READS = 4;

/** Read into again and again where the source allows it: a new array for each run costs as much as the read. */
const SCRATCH_BYTES = 1 << 20;
let scratch: Uint8Array<ArrayBuffer> | undefined;

/** Bytes that are wanted, and what to do with them. */
export interface ReadRequest {
  /** Where they begin. */
  readonly offset: number;
  /** How many. */
  readonly byteLength: number;
  /** Takes them; they are only there until it returns, and must not be changed. */
  use(bytes: Uint8Array<ArrayBuffer>): void;
}

/**
 * Reads all that is requested, in the order of the file. Requests that are at most `gapBytes` apart are read
 * together, and those that overlap are read once.
 *
 * @throws {RasterError} if a read fails; every request under way has ended by then.
 */
export async function readCoalesced(
  source: ByteSource,
  requests: ReadRequest[],
  gapBytes: number,
): Promise<void> {
  const mostBytes = source.readInto === undefined ? MAX_RUN_BYTES : SCRATCH_BYTES;
  const runs = joinRuns(requests, gapBytes, mostBytes);
  for (let next = 0; next < runs.length;) {
    const first = readRun(source, runs[next]!);
    if (!(first instanceof Promise)) {
      useRun(runs[next++]!, first);
      continue;
    }
    const group = runs.slice(next, next + PARALLEL_READS);
    next += group.length;
    const rest = group.slice(1).map(async (run) => await readRun(source, run));
    const results = await Promise.allSettled([first, ...rest]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    for (const [i, result] of results.entries()) {
      if (result.status === "fulfilled") useRun(group[i]!, result.value);
    }
  }
}

interface Run {
  readonly offset: number;
  end: number;
  readonly requests: ReadRequest[];
}

function joinRuns(requests: ReadRequest[], gapBytes: number, mostBytes: number): Run[] {
  const sorted = requests.toSorted((a, b) => a.offset - b.offset);
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const request of sorted) {
    const end = request.offset + request.byteLength;
    if (
      run !== undefined && request.offset <= run.end + gapBytes &&
      Math.max(end, run.end) - run.offset <= mostBytes
    ) {
      run.end = Math.max(end, run.end);
      run.requests.push(request);
    } else {
      run = { offset: request.offset, end, requests: [request] };
      runs.push(run);
    }
  }
  return runs;
}

function readRun(source: ByteSource, run: Run): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
  const byteLength = run.end - run.offset;
  if (source.readInto === undefined || byteLength > SCRATCH_BYTES) return source.read(run.offset, byteLength);
  const bytes = (scratch ??= new Uint8Array(SCRATCH_BYTES)).subarray(0, byteLength);
  source.readInto(run.offset, bytes);
  return bytes;
}

function useRun(run: Run, bytes: Uint8Array<ArrayBuffer>): void {
  for (const request of run.requests) {
    const start = request.offset - run.offset;
    request.use(bytes.subarray(start, start + request.byteLength));
  }
}
