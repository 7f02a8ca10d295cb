/**
 * The EC2 instances of a run's own: started for it, waited for, and replaced when they end before it.
 *
 * @module
 */
import { DriverError, messageOf, TimeoutExceededError } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import { usualLosses } from "../../core/usual_losses.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { EcsThingData } from "./belongings.ts";
import { containerInstancesOf } from "./container_instances.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { endedInstances } from "./ended_instances.ts";
import type { EcsExtraParams } from "./extra_params.ts";
import type { Maker } from "./maker.ts";
import { runInstancesInput } from "./requests.ts";

/** What instances take. */
export interface InstancesOptions {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** The user's dictionary. */
  readonly params: EcsExtraParams;
  /** Makes them. */
  readonly maker: Maker;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** The run is over. */
  readonly signal: AbortSignal;
  /** A line for the user. */
  notice(line: string): void;
}

/** Where instances are to go. */
export interface InstancesPlace {
  /** Workers that are wanted: so many instances, unless the user says how many. */
  readonly workers: number;
  /** The family of the task definition. */
  readonly family: string;
  /** The region and the cluster, for the register. */
  readonly where: EcsThingData;
}

/** Room that may come without anybody's doing. */
export interface ComingRoom {
  /** Whether some instance is on its way into the cluster, or is being asked for. */
  readonly isComing: boolean;
  /** Why it takes so long, if AWS says so. */
  readonly reason?: string;
  /** Why there will never be any again, if so. */
  readonly lost?: string;
}

const WAIT_SECONDS = 300;

/** The instances of one run; none unless it asks for them. */
export class Instances {
  readonly #options: InstancesOptions;
  #place: InstancesPlace | undefined;
  /** When each was started, by `performance.now()`; those that have ended are not among them. */
  readonly #startedMs = new Map<string, number>();
  /** How many there should be. */
  #wanted = 0;
  /** Replacements since a worker last connected. */
  #losses = 0;
  /** The one that ended last, and why. */
  #endedLast = "AWS does not say why";
  /** Why no more are started now; and why never again. */
  #refusal: string | undefined;
  #lost: string | undefined;
  #replacing: Promise<void> | undefined;

  /** Starts nothing yet. */
  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  /** Whether the run has instances of its own, so that no more room comes than they have. */
  get any(): boolean {
    return this.#wanted > 0;
  }

  /** Starts them, if the user asked for some. */
  async runInstances(place: InstancesPlace): Promise<void> {
    const { params, notice } = this.#options;
    if (!params.run_instances) return;
    this.#place = place;
    if (this.#input("", undefined).isUnwatched) {
      notice(
        "The user data of run_instances is no shell script: instances don't end themselves if this manager is killed",
      );
    }
    this.#wanted = await this.#start({ signal: this.#options.signal });
  }

  /** The ids of those that were started and have not been seen to end. */
  get ids(): string[] {
    return [...this.#startedMs.keys()];
  }

  /**
   * Waits until so many instances of the run's own have joined the cluster. A run waits for the first one: its tasks are started
   * as there is room for them.
   *
   * @param count how many.
   * @param patience ends the waiting.
   * @throws {TimeoutExceededError} if they have not come by `waitClusterInstanceCountTimeout`.
   * @throws {DriverError} if too many instances ended before, or fewer were started.
   */
  async waitClusterInstanceCount(count: number, patience: AbortSignal): Promise<void> {
    if (!this.any) return;
    const started = this.#startedMs.size;
    if (started < count) {
      throw new DriverError(`${count} instances are to join the cluster, and only ${started} were started`);
    }
    while (!patience.aborted && (await this.#joined()).size < count) {
      const ended = await this.#ended();
      const left = this.#startedMs.size - ended.size;
      if (left < count) {
        const which = left === 0 ? "All instances" : `All but ${left} of ${this.#startedMs.size} instances`;
        throw new DriverError(`${which} ended before they joined the cluster; ${endWords(ended)}`);
      }
      if (![...this.#startedMs.values()].some((startedMs) => this.#isAwaited(startedMs))) {
        throw new TimeoutExceededError(
          "waitClusterInstanceCountTimeout",
          this.waitSeconds,
          `${this.#startedMs.size} instances to join the cluster '${this.#cluster}' (the ECS agent in the image, ` +
            "the instance profile and a way to ECS from the subnet are what it takes)",
        );
      }
      await sleep(this.#options.times.pollLeastMs * 2, patience);
    }
  }

  /** A worker has connected: whatever ended the instances before it, they can work. */
  worked(): void {
    this.#losses = 0;
  }

  /**
   * There is no room for a worker: begins to start an instance for each that has ended, and says whether any is on its way.
   *
   * @param signal ends trying.
   */
  async restore(signal: AbortSignal): Promise<ComingRoom> {
    if (this.#replacing) return { isComing: true };
    try {
      const ended = await this.#ended();
      for (const id of ended.keys()) this.#startedMs.delete(id);
      const missing = this.#wanted - this.#startedMs.size;
      if (missing > 0 && this.#lost === undefined) {
        this.#replacing = this.#replace(missing, { ended, signal }).finally(() =>
          this.#replacing = undefined
        );
        return { isComing: true, ...this.#refusal === undefined ? {} : { reason: this.#refusal } };
      }
      if (this.#startedMs.size === 0) return { isComing: false, lost: this.#lost! };
      const joined = await this.#joined();
      return {
        isComing: [...this.#startedMs].some(([id, startedMs]) =>
          !joined.has(id) && this.#isAwaited(startedMs)
        ),
      };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // An answer may come the next time; where none ever will, nothing is waited for.
      return { isComing: error.transient };
    }
  }

  /** Waits until no instance is being started any more: those that are must be known. */
  async settled(): Promise<void> {
    await this.#replacing;
  }

  /** Never throws: that AWS has no more instances is no error of the run. */
  async #replace(
    missing: number,
    { ended, signal }: { readonly ended: ReadonlyMap<string, string>; readonly signal: AbortSignal },
  ): Promise<void> {
    if (ended.size > 0) this.#endedLast = endWords(ended);
    const most = usualLosses(this.#wanted);
    if (this.#losses + missing > most) {
      return this.#giveUp(`more than ${most} ended since a worker last connected; ${this.#endedLast}`);
    }
    try {
      const started = await this.#start({ most: missing, signal });
      this.#losses += missing;
      this.#refusal = undefined;
      this.#options.notice(
        `${count(missing)} of the run ended; ${this.#endedLast}. ${count(started)} started in the place`,
      );
    } catch (error) {
      const isPassing = signal.aborted || error instanceof AwsError && error.transient;
      if (isPassing) this.#refusal = messageOf(error);
      else this.#giveUp(`${count(missing)} of the run ended; ${this.#endedLast}; ${messageOf(error)}`);
    }
  }

  /** The run goes on with the instances that it has. */
  #giveUp(why: string): void {
    this.#lost = why;
    this.#options.notice(`No more instances are started: ${why}`);
  }

  /** @returns how many were started */
  async #start({ most, signal }: { readonly most?: number; readonly signal: AbortSignal }): Promise<number> {
    const { caller, maker } = this.#options;
    const token = crypto.randomUUID();
    const call = () => caller.call("ec2:RunInstances", this.#input(token, most).input, { signal });
    const { answer, thing } = await maker.make({
      type: "ec2-instances",
      key: token,
      where: this.#place!.where,
      action: "ec2:RunInstances",
      // Without an answer nobody knows how many there are.
      call: most === undefined ? call : () => untilAnswered(call, signal),
    });
    const instanceIds = answer.Instances?.flatMap(({ InstanceId }) => InstanceId ?? []) ?? [];
    const startedMs = performance.now();
    for (const id of instanceIds) this.#startedMs.set(id, startedMs);
    await thing.made({ instanceIds });
    return instanceIds.length;
  }

  #input(token: string, most: number | undefined): ReturnType<typeof runInstancesInput> {
    const { workers, family } = this.#place!;
    return runInstancesInput(this.#options.maker.context, {
      token,
      workers,
      cluster: this.#cluster,
      family,
      most,
    });
  }

  get #cluster(): string {
    return this.#place?.where.cluster ?? "default";
  }

  /** How long instances may take to join, seconds. */
  get waitSeconds(): number {
    return this.#options.params.waitClusterInstanceCountTimeout ?? WAIT_SECONDS;
  }

  /** Whether an instance that was started then, and has not joined, may still do so. */
  #isAwaited(startedMs: number): boolean {
    return performance.now() - startedMs <= 1000 * this.waitSeconds;
  }

  async #joined(): Promise<Set<string>> {
    const { caller } = this.#options;
    const found = await containerInstancesOf(caller, this.#place!.where.cluster, [...this.#startedMs.keys()]);
    return new Set(
      found.filter(({ status }) => status === "ACTIVE").flatMap(({ ec2InstanceId }) => ec2InstanceId ?? []),
    );
  }

  #ended(): Promise<Map<string, string>> {
    const { caller, times: { freshMs } } = this.#options;
    return endedInstances(this.#startedMs, { caller, freshMs });
  }
}

/** With the same token nothing is started twice, however often it is asked for. */
async function untilAnswered<Answer>(call: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  while (true) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || !(error instanceof AwsError) || error.kind !== "unanswered") throw error;
    }
  }
}

function endWords(ended: ReadonlyMap<string, string>): string {
  const [first] = ended;
  return first ? `'${first[0]}': ${first[1]}` : "AWS does not say why";
}

function count(instances: number): string {
  return instances === 1 ? "1 instance" : `${instances} instances`;
}
