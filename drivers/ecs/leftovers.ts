/**
 * Finds what a run has left in AWS, from what it wrote down.
 *
 * @module
 */
import type { Task, TaskDefinition } from "@aws-sdk/client-ecs";
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { Belonging, EcsThingData, EcsThingType } from "./belongings.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { hasEnded } from "./explain_task.ts";
import { inChunks } from "./in_chunks.ts";
import { RUN_LABEL, RUN_TAG, tagValue } from "./names.ts";

/** What there is of a run in one region. */
export interface Leftovers {
  /** Tasks that have not ended, by cluster ("" for the default one). */
  readonly tasks: ReadonlyMap<string, readonly string[]>;
  /** EC2 instances that have not ended, by the cluster that they are in. */
  readonly instances: ReadonlyMap<string, readonly string[]>;
  /** Active task definitions, by ARN. */
  readonly taskDefinitions: readonly string[];
  /** Active clusters, by name or ARN. */
  readonly clusters: readonly string[];
  /** Types of things of which there may be more, since AWS would not say. */
  readonly unsure: ReadonlyMap<EcsThingType, AwsError>;
}

/** What finding takes. */
export interface FindOptions {
  /** Calls AWS in the region of the things. */
  readonly caller: AwsCaller;
  /** The run. */
  readonly runId: string;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** Whether what is known to have been made is taken to be there still, as by a run that ends its own. */
  readonly isOwn: boolean;
}

/**
 * Finds what there is. AWS's lists are eventually consistent: where something may be and is not seen, it is looked for once
 * more after a while. Where AWS can't be asked, what is known without it has to do.
 */
export async function findLeftovers(things: readonly Belonging[], options: FindOptions): Promise<Leftovers> {
  const search = new Search(things, options);
  if (!await search.look()) {
    await sleep(options.times.absenceMs);
    await search.look();
  }
  return search.found;
}

class Search {
  readonly #things: readonly Belonging[];
  readonly #options: FindOptions;
  readonly #tasks = new Map<string, string[]>();
  readonly #instances = new Map<string, string[]>();
  readonly #unsure = new Map<EcsThingType, AwsError>();
  #taskDefinitions: string[] = [];
  #clusters: string[] = [];

  constructor(things: readonly Belonging[], options: FindOptions) {
    this.#things = things;
    this.#options = options;
  }

  get found(): Leftovers {
    return {
      tasks: this.#tasks,
      instances: this.#instances,
      taskDefinitions: this.#taskDefinitions,
      clusters: this.#clusters,
      unsure: this.#unsure,
    };
  }

  /** Looks for everything; says whether nothing that may be there was missing. */
  async look(): Promise<boolean> {
    const all = [
      await this.#lookFor("ecs-tasks", () => this.#lookForTasks()),
      await this.#lookFor("ec2-instances", () => this.#lookForInstances()),
      await this.#lookFor("ecs-task-definition", () => this.#lookForTaskDefinitions()),
      await this.#lookFor("ecs-cluster", () => this.#lookForClusters()),
    ];
    return all.every(Boolean);
  }

  async #lookFor(type: EcsThingType, look: () => Promise<boolean>): Promise<boolean> {
    try {
      this.#unsure.delete(type);
      return await look();
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.#takeKnown(type);
      if (!this.#of(type).every((thing) => this.#isSure(thing))) this.#unsure.set(type, error);
      return true;
    }
  }

  /** What the answers to the calls that made things have said. */
  #takeKnown(type: EcsThingType): void {
    const things = this.#of(type);
    const take = (
      found: Map<string, string[]>,
      ids: (data: EcsThingData) => readonly string[] | undefined,
    ) => {
      for (const [cluster, inIt] of Map.groupBy(things, ({ data }) => data.cluster ?? "")) {
        found.set(cluster, inIt.flatMap(({ data }) => ids(data) ?? []));
      }
    };
    if (type === "ecs-tasks") take(this.#tasks, ({ taskArns }) => taskArns);
    else if (type === "ec2-instances") take(this.#instances, ({ instanceIds }) => instanceIds);
    else if (type === "ecs-task-definition") {
      this.#taskDefinitions = things.flatMap(({ data }) => data.arn ?? []);
    } else this.#clusters = things.filter(({ state }) => state === "made").map(({ key }) => key);
  }

  #of(type: string): Belonging[] {
    return this.#things.filter((thing) => thing.type === type);
  }

  /** Whether a thing's own word is enough. */
  #isSure({ state }: Belonging): boolean {
    return this.#options.isOwn && state === "made";
  }

  async #lookForTasks(): Promise<boolean> {
    let isComplete = true;
    const { caller, runId } = this.#options;
    for (const [cluster, things] of Map.groupBy(this.#of("ecs-tasks"), ({ data }) => data.cluster ?? "")) {
      const known = things.flatMap(({ data }) => data.taskArns ?? []);
      const listed: string[] = [];
      try {
        let nextToken: string | undefined;
        do {
          const page = await caller.call("ecs:ListTasks", {
            ...inCluster(cluster),
            startedBy: runId,
            nextToken,
          });
          listed.push(...page.taskArns ?? []);
          nextToken = page.nextToken;
        } while (nextToken);
        const arns = [...new Set([...known, ...listed])];
        const { running, unseen } = await this.#running(cluster, arns);
        this.#tasks.set(cluster, running);
        // A call without an answer may have started tasks that are not listed yet.
        if (things.some((thing) => thing.state === "intended") && listed.length <= known.length) {
          isComplete = false;
        }
        if (unseen && !things.every((thing) => this.#isSure(thing))) isComplete = false;
      } catch (error) {
        if (!isMissing(error)) throw error;
        this.#tasks.set(cluster, []);
        isComplete = false;
      }
    }
    return isComplete;
  }

  async #running(cluster: string, arns: readonly string[]): Promise<{ running: string[]; unseen: boolean }> {
    const running: string[] = [];
    let unseen = false;
    for (const chunk of inChunks(arns, 100)) {
      const { tasks = [] } = await this.#options.caller.call("ecs:DescribeTasks", {
        ...inCluster(cluster),
        tasks: chunk,
      });
      const seen = new Map<string | undefined, Task>(tasks.map((task) => [task.taskArn, task]));
      for (const arn of chunk) {
        const task = seen.get(arn);
        if (!task) unseen = true;
        if (!task ? this.#options.isOwn : !hasEnded(task)) running.push(arn);
      }
    }
    return { running, unseen };
  }

  async #lookForInstances(): Promise<boolean> {
    let isComplete = true;
    const { caller, runId } = this.#options;
    for (
      const [cluster, things] of Map.groupBy(this.#of("ec2-instances"), ({ data }) => data.cluster ?? "")
    ) {
      const ids = new Set<string>();
      for (const thing of things) {
        const known = thing.data.instanceIds ?? [];
        if (this.#isSure(thing)) {
          for (const id of known) ids.add(id);
          continue;
        }
        const tagged = thing.data.tagged !== false;
        const { Reservations = [] } = await caller.call("ec2:DescribeInstances", {
          Filters: [
            tagged
              ? { Name: `tag:${RUN_TAG}`, Values: [runId] }
              : { Name: "client-token", Values: [thing.key] },
          ],
        });
        const seen = Reservations.flatMap(({ Instances }) => Instances ?? []);
        const ended = new Set(
          seen.filter(({ State }) => /terminated|shutting-down/.test(State?.Name ?? ""))
            .map(({ InstanceId }) => InstanceId),
        );
        for (const id of [...known, ...seen.flatMap(({ InstanceId }) => InstanceId ?? [])]) {
          if (!ended.has(id)) ids.add(id);
        }
        if (seen.length === 0) isComplete = false;
      }
      this.#instances.set(cluster, [...ids]);
    }
    return isComplete;
  }

  async #lookForTaskDefinitions(): Promise<boolean> {
    let isComplete = true;
    const arns = new Set<string>();
    const { caller, runId } = this.#options;
    for (const thing of this.#of("ecs-task-definition")) {
      if (this.#isSure(thing) && thing.data.arn !== undefined) arns.add(thing.data.arn);
      const { taskDefinitionArns = [] } = await caller.call("ecs:ListTaskDefinitions", {
        familyPrefix: thing.key,
        status: "ACTIVE",
      });
      for (const arn of taskDefinitionArns) {
        if (arns.has(arn)) continue;
        const { taskDefinition } = await caller.call("ecs:DescribeTaskDefinition", { taskDefinition: arn });
        if (isLabelled(taskDefinition, runId)) arns.add(arn);
      }
      if (arns.size === 0) isComplete = false;
    }
    this.#taskDefinitions = [...arns];
    return isComplete;
  }

  async #lookForClusters(): Promise<boolean> {
    let isComplete = true;
    const names = new Set<string>();
    const { caller, runId } = this.#options;
    for (const thing of this.#of("ecs-cluster")) {
      if (this.#isSure(thing)) {
        names.add(thing.key);
        continue;
      }
      const { clusters = [] } = await caller.call("ecs:DescribeClusters", {
        clusters: [thing.key],
        include: ["TAGS"],
      });
      const [cluster] = clusters;
      if (!cluster) isComplete = false;
      const owner = tagValue(cluster?.tags, RUN_TAG);
      // Where tags were denied, the name that was free before is all there is; another run's tag on it is a no.
      const isOurs = owner === runId ||
        owner === undefined && (thing.state === "made" || thing.data.tagged === false);
      if (cluster && cluster.status !== "INACTIVE" && isOurs) names.add(thing.key);
    }
    this.#clusters = [...names];
    return isComplete;
  }
}

/** A cluster as an input has it: the default one has no name. */
export function inCluster(cluster: string): { cluster?: string } {
  return cluster === "" ? {} : { cluster };
}

/** Whether AWS said that something is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof AwsError && error.kind === "missing";
}

/** Whether a task definition has the label of the run. */
export function isLabelled(definition: TaskDefinition | undefined, runId: string): boolean {
  return definition?.containerDefinitions?.some(({ dockerLabels }) => dockerLabels?.[RUN_LABEL] === runId) ??
    false;
}
