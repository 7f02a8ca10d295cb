/**
 * `CW_THREADS`: compute workers are threads (Web Workers) of this process.
 *
 * @module
 */
import type { Availability, Driver, DriverContext, Fleet, FleetSpec } from "../core/driver.ts";
import { CW_THREADS } from "../core/kinds.ts";
import { startThread } from "../core/thread.ts";
import { LocalFleet } from "../core/local_fleet.ts";

/** The driver of `CW_THREADS`. */
export const driver: Driver = {
  kind: CW_THREADS,
  computeWorkersReadDefault: true,
  inProcess: true,
  supportsSingleBlock: false,
  canInterrupt: true,
  get workersLimit(): { workers: number; reason: string } {
    const cores = navigator.hardwareConcurrency;
    return { workers: cores, reason: `this machine's ${cores} core(s)` };
  },
  available(): Promise<Availability> {
    return Promise.resolve({ available: true });
  },
  start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
    const start = (_worker: number, name: string, alive: () => void) =>
      startThread(spec.program.threadUrl, name, { alive });
    return Promise.resolve(new LocalFleet(spec, context, start));
  },
};

export default driver;
