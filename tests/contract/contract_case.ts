/**
 * One thing that every driver must do.
 *
 * @module
 */
import type { ConcurrencyStyle } from "../../core/concurrency_style.ts";
import type { Driver } from "../../core/driver.ts";
import type { HeldFleet } from "./held_fleet.ts";

/** What the place is like where the tests run. */
export interface ContractTraits {
  /** Seconds that a worker may take from its start to its connection; time limits grow with it. */
  readonly startSeconds: number;
  /** Whether workers see the folder of this machine's temporary files. */
  readonly sharedTemp: boolean;
}

/** What a case is given. */
export interface Case {
  readonly driver: Driver;
  /** What the place is like. */
  readonly traits: ContractTraits;
  /** A concurrency style of the driver's kind with two workers, if it has workers, and what else is said. */
  style(more?: ConcurrencyStyle): ConcurrencyStyle;
  /** A fleet whose links the test holds, stopped when the test is over. */
  fleet(
    workers: number,
    userFunction: (n: number) => unknown,
    more?: { readonly maxWorkers?: number },
  ): Promise<HeldFleet>;
}

/** A test of the contract. */
export interface ContractCase {
  /** A sentence; the driver's kind goes before it. */
  readonly name: string;
  /** Why the case is not for this driver, if so. */
  readonly needs?: (driver: Driver, traits: ContractTraits) => string | undefined;
  /** The test. */
  run(given: Case): Promise<void>;
}
