/**
 * `CW_THREADS`: compute workers are threads (Web Workers) of this process.
 *
 * @module
 */
import { coresLimit } from "../core/cores_limit.ts";
import type { Availability, Driver, DriverContext, Fleet, FleetSpec, WorkerProgram } from "../core/driver.ts";
import { CW_THREADS } from "../core/kinds.ts";
import { PreparedThread, startThread } from "../core/thread.ts";
import { THREAD_NAME_PREFIX } from "../core/worker_name.ts";
import { LocalFleet } from "../core/local_fleet.ts";

/** Threads that have loaded their program and wait for a run to start them. */
const waiting = new Set<PreparedThread>();

function takeWaiting(url: URL): PreparedThread | undefined {
  for (const thread of waiting) {
    if (thread.url.href !== url.href) continue;
    waiting.delete(thread);
    return thread;
  }
  return undefined;
}

/** The driver of `CW_THREADS`. */
export const driver: Driver = {
  kind: CW_THREADS,
  computeWorkersReadDefault: true,
  inProcess: true,
  supportsSingleBlock: false,
  canInterrupt: true,
  canGrow: true,
  get workersLimit(): { workers: number; reason: string } {
    return coresLimit();
  },
  available(): Promise<Availability> {
    return Promise.resolve({ available: true });
  },
  prepare(program: WorkerProgram, workers: number): Disposable {
    const threads = new DisposableStack();
    for (let i = 0; i < workers; i++) {
      const thread = threads.use(new PreparedThread(program.threadUrl, `${THREAD_NAME_PREFIX}${i}`));
      waiting.add(thread);
      threads.defer(() => waiting.delete(thread));
    }
    return threads;
  },
  start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
    const { threadUrl } = spec.program;
    const start = (_worker: number, name: string, alive: () => void) =>
      startThread(threadUrl, name, { alive, prepared: takeWaiting(threadUrl) });
    return Promise.resolve(new LocalFleet(spec, context, start));
  },
};

export default driver;
