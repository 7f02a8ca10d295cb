/**
 * A program that uses the manager by itself: a job of its own, the kind of worker chosen by name, results as they come.
 *
 * `deno run -A examples/manage_workers.ts CW_SUBPROC 2` counts primes below 200,000 in 20 blocks. With `CW_SLURM` and the
 * other queues the workers are jobs, with `CW_ECS` tasks; their parameters go into `computeWorkerExtraParams`.
 *
 * @module
 */
import { CW_NONE, CW_THREADS, getComputeWorkerManager, makeBlockJob } from "../mod.ts";

/** A block: the numbers from `first` to `end` - 1. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** What every worker keeps for itself: it comes back when the worker ends. */
export interface WorkerNotes {
  blocks: number;
}

/** The function of one block. It uses nothing but its arguments, so that it can be sent to any worker. */
function countPrimes({ first, end }: Range, notes: WorkerNotes): number {
  notes.blocks++;
  let count = 0;
  for (let n = Math.max(first, 2); n < end; n++) {
    let isPrime = true;
    for (let divisor = 2; isPrime && divisor * divisor <= n; divisor++) isPrime = n % divisor !== 0;
    if (isPrime) count++;
  }
  return count;
}

const BLOCKS = 20;
const SIZE = 10_000;

/** Runs the job on workers of a kind; gives the count of primes, and the notes of each worker. */
export async function countAll(
  kind: string,
  workers: number,
): Promise<{ primes: number; notes: WorkerNotes[] }> {
  let primes = 0;
  const job = await makeBlockJob({
    userFunction: countPrimes,
    blocks: Array.from({ length: BLOCKS }, (_, at): Range => ({ first: at * SIZE, end: (at + 1) * SIZE })),
    otherArgs: { blocks: 0 } satisfies WorkerNotes,
    onResult: (count) => void (primes += count),
  });
  const manager = await getComputeWorkerManager(kind);
  manager.setJobName("primes");
  try {
    await manager.startWorkers({ job, concurrency: kind === CW_NONE ? {} : { numComputeWorkers: workers } });
    await manager.run();
  } finally {
    // Always, whatever happened: it stops the workers. What they left in logs and nowhere else is told as a notice.
    await manager.shutdown();
  }
  return { primes, notes: manager.makeOutObjList() as WorkerNotes[] };
}

if (import.meta.main) {
  const [kind = CW_THREADS, workers = "2"] = Deno.args;
  const { primes, notes } = await countAll(kind, Number(workers));
  console.log(`${primes} primes; blocks by worker: ${notes.map(({ blocks }) => blocks).join(", ")}`);
}
