/**
 * Starts the tasks that workers want, ten a call, as long as it takes.
 *
 * @module
 */
import type { Failure } from "@aws-sdk/client-ecs";
import { DriverError } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError, toAwsError } from "../aws/aws_error.ts";
import { backoffMs } from "../aws/backoff.ts";
import type { Belonging, Belongings, EcsThingData } from "./belongings.ts";
import { type EcsResources, NO_CLUSTER } from "./ecs_resources.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { runTaskInput, type WorkerContainer } from "./requests.ts";
import type { TaskBook, TaskEntry } from "./task_book.ts";

/** What starting tasks takes. */
export interface TaskLauncherOptions {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** What the tasks stand on. */
  readonly resources: EcsResources;
  /** Who wants tasks. */
  readonly book: TaskBook;
  /** What the run has made. */
  readonly belongings: Belongings;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** Arguments and variables of the workers. */
  readonly worker: Omit<WorkerContainer, "name">;
  /** These tasks were started. */
  launched(arns: readonly string[]): void;
  /** Workers wait, and why. */
  queued(entries: readonly TaskEntry[], reason: string): void;
  /** AWS will not start these, now or later. */
  refused(entries: readonly TaskEntry[], error: Error): void;
}

/** A call that is made, until it has been answered. */
interface Launch {
  readonly entries: readonly TaskEntry[];
  readonly token: string;
  readonly thing: Belonging & { made(data: EcsThingData): Promise<void> };
}

/** Tasks a call; AWS takes no more ("RunTask", `count`). */
const BATCH = 10;
/** Failures that pass ("API failure reasons", Amazon ECS Developer Guide). */
const PASSING = /^(RESOURCE:|AGENT\b|Capacity is unavailable|.*(throttl|rate exceeded|try again|capacity))/i;
/** While an instance is on its way the delays between tries grow no longer than after so many. */
const MOST_TRIES_COMING = 4;
const NO_INSTANCES = /No Container Instances were found/i;

/** Starts tasks until it is stopped. */
export class TaskLauncher {
  readonly #options: TaskLauncherOptions;
  readonly #stopped = new AbortController();
  readonly #run: Promise<void>;
  #failure: Error | undefined;
  #tries = 0;
  #noRoomMs: number | undefined;

  /** Starts at once. */
  constructor(options: TaskLauncherOptions) {
    this.#options = options;
    this.#run = this.#loop();
  }

  /** Why no task can be started any more, if so. */
  get failure(): string | undefined {
    return this.#failure?.message;
  }

  /** Starts no more tasks; a call that is under way is waited for, since its tasks must be known. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#options.book.wake();
    await this.#run;
    await this.#options.resources.instances.settled();
  }

  async #loop(): Promise<void> {
    const { book, resources, queued } = this.#options;
    const { signal } = this.#stopped;
    const { instances } = resources;
    if (instances.any) queued(book.entries(), "no instance has joined the cluster yet");
    try {
      await instances.waitClusterInstanceCount(1, signal);
    } catch (error) {
      return this.#refuseAll(error);
    }
    let unanswered: Launch | undefined;
    while (!signal.aborted) {
      if (!unanswered) await book.wanted();
      if (signal.aborted) return;
      try {
        unanswered = await this.#launch(unanswered ?? await this.#intend(book.take(BATCH)));
      } catch (error) {
        return this.#refuseAll(error);
      }
      if (this.#tries > 0) {
        const { retryLeastMs, retryMostMs } = this.#options.times;
        await sleep(backoffMs(this.#tries, { leastMs: retryLeastMs, mostMs: retryMostMs }), signal);
      }
    }
  }

  /** What can't be done for one worker can't be done for any: the run must hear of it. */
  #refuseAll(error: unknown): void {
    const { book, refused } = this.#options;
    const failure = this.#failure = error instanceof Error ? error : new DriverError(String(error));
    refused(book.giveUp(failure.message), failure);
  }

  async #intend(entries: readonly TaskEntry[]): Promise<Launch> {
    const { resources: { cluster, region, context }, belongings } = this.#options;
    const token = crypto.randomUUID();
    const data = { region, tagged: context.tagged, ...cluster === undefined ? {} : { cluster } };
    return { entries, token, thing: await belongings.intend("ecs-tasks", token, data) };
  }

  /** Makes the call; gives it back if it was not answered, to be made again with the same token. */
  async #launch(launch: Launch): Promise<Launch | undefined> {
    const { caller, resources, worker } = this.#options;
    const { entries, token } = launch;
    const input = runTaskInput(resources.context, {
      count: entries.length,
      token,
      taskDefinition: resources.taskDefinition,
      cluster: resources.cluster,
      worker: { ...worker, name: resources.containerName },
    });
    let answer;
    try {
      answer = await caller.call("ecs:RunTask", input, { retry: "none" });
    } catch (thrown) {
      return await this.#failed(launch, toAwsError("ecs:RunTask", thrown));
    }
    await this.#answered(
      launch,
      answer.tasks?.flatMap(({ taskArn }) => taskArn ?? []) ?? [],
      answer.failures ?? [],
    );
    return undefined;
  }

  async #answered(
    { entries, thing }: Launch,
    arns: readonly string[],
    failures: readonly Failure[],
  ): Promise<void> {
    const { book, launched } = this.#options;
    if (arns.length > 0) await thing.made({ taskArns: arns });
    else await thing.gone();
    const { without, surplus } = book.started(entries, arns);
    if (arns.length > 0) {
      this.#tries = 0;
      this.#noRoomMs = undefined;
      launched(arns);
    }
    await this.#stopSurplus(surplus);
    if (without.length === 0) return;
    this.#tries++;
    const [failure] = failures;
    const reason = failure
      ? failureText(failure)
      : "AWS started fewer tasks than it was asked for and gave no reason";
    if (failures.some(({ reason = "" }) => !PASSING.test(reason))) {
      this.#options.refused(without, new DriverError(`AWS starts no task: ${reason}`));
      return;
    }
    book.putBack(without);
    this.#wait(without, await this.#checkRoom(reason) ?? reason);
  }

  async #failed(launch: Launch, error: AwsError): Promise<Launch | undefined> {
    const { book, resources } = this.#options;
    const { entries, thing } = launch;
    if (error.kind === "unanswered") {
      this.#tries++;
      this.#options.queued(entries.filter(({ arn }) => arn === undefined), error.message);
      return launch;
    }
    await thing.gone();
    if (error.concernsTags && resources.context.tagged) {
      resources.giveUpTags(error, "ecs:RunTask");
      book.putBack(entries);
      return undefined;
    }
    const isEmpty = NO_INSTANCES.test(error.said) && resources.instances.any;
    if (!error.transient && !resources.mayBeNew(error) && !isEmpty) {
      book.putBack(entries);
      throw error.code === NO_CLUSTER ? noCluster(resources, error) : error;
    }
    this.#tries++;
    book.putBack(entries);
    this.#wait(entries, isEmpty && await this.#checkRoom(error.said) || error.said);
    return undefined;
  }

  #wait(entries: readonly TaskEntry[], reason: string): void {
    const waiting = entries.filter(({ arn }) => arn === undefined);
    for (const entry of waiting) entry.reason = reason;
    this.#options.queued(waiting, reason);
  }

  /**
   * Instances of the run's own that have ended are replaced. Those that are there and have no room for a single worker will not
   * have any later.
   *
   * @returns a better reason why the workers wait, if there is one.
   * @throws {DriverError} if none of them will ever have its turn.
   */
  async #checkRoom(reason: string): Promise<string | undefined> {
    const { book, resources, times } = this.#options;
    if (!resources.instances.any) return undefined;
    const { isComing, lost, reason: better } = await resources.instances.restore(this.#stopped.signal);
    if (isComing) this.#tries = Math.min(this.#tries, MOST_TRIES_COMING);
    const hasTasks = book.entries().some(({ arn, state }) => arn !== undefined && state !== "ended");
    if (isComing || hasTasks) {
      this.#noRoomMs = undefined;
      return better;
    }
    if (lost !== undefined) {
      throw new DriverError(`There is no instance left in the cluster '${resources.cluster}': ${lost}`);
    }
    this.#noRoomMs ??= performance.now();
    if (performance.now() - this.#noRoomMs < times.roomMs) return undefined;
    throw new DriverError(
      `No instance of the cluster '${resources.cluster}' has room for a worker (${reason}): ` +
        "use larger instances, or reserve less memory for a worker",
    );
  }

  /** An unanswered call and its repetition may both have started tasks; those too many cost money. */
  async #stopSurplus(arns: readonly string[]): Promise<void> {
    const { caller, resources: { cluster } } = this.#options;
    for (const task of arns) {
      try {
        await caller.call("ecs:StopTask", {
          ...cluster === undefined ? {} : { cluster },
          task,
          reason: "blockfleet: one more than was asked for",
        });
      } catch (error) {
        // The register has it: at the latest it is stopped with the others.
        if (!(error instanceof AwsError)) throw error;
      }
    }
  }
}

function noCluster({ cluster = "default", region }: EcsResources, cause: AwsError): DriverError {
  return new DriverError(
    `There is no ECS cluster '${cluster}' in ${region}: name one that is there, or let the run make one (create_cluster)`,
    { cause },
  );
}

function failureText({ reason, detail, arn }: Failure): string {
  const explained = EXPLAINED.find(([pattern]) => pattern.test(reason ?? ""))?.[1];
  return [reason ?? "no reason given", detail, explained && `(${explained})`, arn && `at '${arn}'`]
    .filter(Boolean).join(" ");
}

const EXPLAINED: readonly (readonly [RegExp, string])[] = [
  [/^RESOURCE:MEMORY/, "no instance has enough memory left"],
  [/^RESOURCE:CPU/, "no instance has enough CPU left"],
  [/^RESOURCE:ENI/, "no instance has a network interface left"],
  [/^RESOURCE:FARGATE/, "Fargate has no capacity in this zone now"],
  [/^AGENT/, "the ECS agent of the instance is not connected"],
];
