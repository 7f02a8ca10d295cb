/**
 * What a run on ECS makes in AWS, and removes: of a run of the manager, or of a program that makes it by itself.
 *
 * @module
 */
import type { RunRegister } from "../../core/driver.ts";
import { messageOf } from "../../core/errors.ts";
import type { AwsSend } from "../aws/api.ts";
import { AwsCaller } from "../aws/aws_caller.ts";
import { Belongings } from "./belongings.ts";
import { EcsResources } from "./ecs_resources.ts";
import type { EcsTimes } from "./ecs_times.ts";
import type { EcsExtraParams } from "./extra_params.ts";
import { findLeftovers } from "./leftovers.ts";
import type { RunName } from "./names.ts";
import { forget, tearDown, type TearDownReport } from "./tear_down.ts";

/** What it takes. */
export interface InfrastructureOptions {
  /** The checked dictionary. */
  readonly params: EcsExtraParams;
  /** Calls AWS. */
  readonly send: AwsSend;
  /** The run. */
  readonly run: RunName;
  /** Where everything is written down before it is made. */
  readonly register: RunRegister;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** The run is over. */
  readonly signal: AbortSignal;
  /** A line for the user. */
  notice(line: string): void;
}

/** A run's things in AWS. Nothing is made before one of the `resources`' methods is called. */
export class Infrastructure {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** What the run has made. */
  readonly belongings: Belongings;
  /** Makes it. */
  readonly resources: EcsResources;
  readonly #options: InfrastructureOptions;

  constructor(options: InfrastructureOptions) {
    this.#options = options;
    const { params, send, run, register, times, signal, notice } = options;
    const { requestTimeout } = params;
    const timeout = requestTimeout === undefined ? {} : { requestTimeoutMs: 1000 * requestTimeout };
    this.caller = new AwsCaller(send, timeout);
    this.belongings = new Belongings(register);
    this.resources = new EcsResources({
      ...{ caller: this.caller, belongings: this.belongings, params, run, times, signal },
      notice: (line) => notice(line),
    });
  }

  /** Aborted when the run is over. */
  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** How long to wait for what. */
  get times(): EcsTimes {
    return this.#options.times;
  }

  /**
   * Removes all that was made, in the order in which AWS lets it go. What can't be removed stays in the register and is told.
   *
   * @param reason why tasks are stopped, as AWS shows it.
   */
  async remove(reason: string): Promise<TearDownReport> {
    const { run: { runId }, times, notice } = this.#options;
    const { things } = this.belongings;
    const report = await this.caller.within(times.stopMs + times.deleteMs, async (caller) => {
      const found = await findLeftovers(things, { caller, times, runId, isOwn: true });
      return await tearDown(found, { caller, times, reason });
    });
    await forget(things, report);
    for (const line of report.failed) notice(`Not removed: ${line}`);
    return report;
  }

  /** Nothing may stay of what did not come about; and what kept it from that must not be hidden by how this ends. */
  async takeBack(): Promise<void> {
    const { run: { runId }, notice } = this.#options;
    try {
      await this.remove("blockfleet: the run could not start");
    } catch (error) {
      notice(
        `What was made in AWS can't be removed now: ${
          messageOf(error)
        }. "blockfleet cleanup --run ${runId}" does it later`,
      );
    } finally {
      this.caller.destroy();
    }
  }
}
