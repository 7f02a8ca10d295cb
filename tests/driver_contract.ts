/**
 * What every driver must do, as tests: give it yours and run it with `deno test -A`.
 *
 * ```ts ignore
 * import { driverContract } from "@blockfleet/blockfleet/testing";
 * import { driver } from "./my_driver.ts";
 *
 * await driverContract(driver);
 * ```
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { CW_NONE } from "../core/kinds.ts";
import { findDriver, registerDriver } from "../core/registry.ts";
import type { Case, ContractTraits } from "./contract/contract_case.ts";
import { FLEET_CASES } from "./contract/fleet_cases.ts";
import { HeldFleet } from "./contract/held_fleet.ts";
import { LOSS_CASES } from "./contract/loss_cases.ts";
import { RUN_CASES } from "./contract/run_cases.ts";

export type * from "../core/driver.ts";

/** How {@linkcode driverContract} goes about it. */
export interface DriverContractOptions {
  /** The driver's own dictionary, for every run. */
  readonly extraParams?: Readonly<Record<string, unknown>>;
  /** Seconds that a worker may take from its start to its connection; time limits grow with it. Default 1. */
  readonly startSeconds?: number;
  /** Whether workers see the folder of this machine's temporary files; else what needs it is skipped. Default true. */
  readonly sharedTemp?: boolean;
  /** Why no test can run here, such as a scheduler that is not there; they are shown as ignored. */
  readonly ignore?: string;
}

/**
 * Registers a test for each thing that a driver must do. What a driver can't do by its traits is skipped, with the reason
 * in the test's name.
 *
 * @param subject the driver, which is registered; or the kind of one that is known.
 */
export async function driverContract(
  subject: Driver | string,
  options: DriverContractOptions = {},
): Promise<void> {
  const driver = typeof subject === "string" ? await findDriver(subject) : subject;
  if (typeof subject !== "string") registerDriver(subject);
  const availability = await driver.available();
  const unavailable = options.ignore ?? (availability.available ? undefined : availability.reason);
  const extraParams = options.extraParams ?? {};
  const traits: ContractTraits = {
    startSeconds: options.startSeconds ?? 1,
    sharedTemp: options.sharedTemp ?? true,
  };
  const given: Case = {
    ...{ driver, traits },
    style: (more = {}) => ({
      computeWorkerKind: driver.kind,
      numComputeWorkers: driver.kind === CW_NONE ? 0 : 2,
      computeWorkerExtraParams: extraParams,
      haveSharedTemp: traits.sharedTemp,
      ...more,
    }),
    fleet: (workers, userFunction, { maxWorkers } = {}) =>
      HeldFleet.start(driver, { ...{ workers, userFunction, extraParams, maxWorkers }, ...traits }),
  };
  for (const { name, run, needs } of [...FLEET_CASES, ...RUN_CASES, ...LOSS_CASES]) {
    const reason = unavailable ?? needs?.(driver, traits);
    Deno.test({
      name: `${driver.kind}: ${name}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
      ignore: reason !== undefined,
      fn: () => run(given),
    });
  }
}
