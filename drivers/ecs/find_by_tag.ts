/**
 * Finds what runs have left by their tags alone: the last resort, where there is no register.
 *
 * @module
 */
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import { inChunks } from "./in_chunks.ts";
import type { Leftovers } from "./leftovers.ts";
import { isLabelled } from "./seek_task_definitions.ts";
import { isMissing } from "./seeker.ts";
import { JOB_TAG, RUN_TAG, tagValue } from "./names.ts";

/** Which runs: by id, or by job name. */
export interface TaggedRun {
  /** The run. */
  readonly runId?: string;
  /** The user's name for the job. */
  readonly jobName?: string;
}

interface Found {
  readonly tasks: Map<string, string[]>;
  readonly instances: Map<string, string[]>;
  readonly taskDefinitions: string[];
  readonly clusters: string[];
  readonly unsure: Leftovers["unsure"];
}

/**
 * The helpers' clusters and families of task definitions begin so; a family of the user's own choice can't be told by its name.
 */
const OUR_NAMES = "blockfleet_";

/** What a search showed. */
export interface TaggedThings {
  /** What has the tag, by run. */
  readonly found: ReadonlyMap<string, Leftovers>;
  /** Why clusters with other names than ours were not looked into, if so: the least policy does not allow it. */
  readonly unseen: AwsError | undefined;
}

/**
 * What has the tag of a run.
 *
 * @throws {AwsError} if AWS can't be asked.
 */
export async function findByTag(caller: AwsCaller, wanted: TaggedRun): Promise<TaggedThings> {
  const search = new TagSearch(caller, wanted);
  await search.instances();
  await search.clustersAndTasks();
  await search.taskDefinitions();
  return search;
}

class TagSearch {
  readonly found = new Map<string, Found>();
  unseen: AwsError | undefined;
  readonly #caller: AwsCaller;
  readonly #wanted: TaggedRun;

  constructor(caller: AwsCaller, wanted: TaggedRun) {
    this.#caller = caller;
    this.#wanted = wanted;
  }

  async instances(): Promise<void> {
    const { runId, jobName } = this.#wanted;
    const tag = runId === undefined ? [JOB_TAG, jobName ?? ""] as const : [RUN_TAG, runId] as const;
    let token: string | undefined;
    do {
      const page = await this.#caller.call("ec2:DescribeInstances", {
        Filters: [
          { Name: `tag:${tag[0]}`, Values: [tag[1]] },
          { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
        ],
        ...token === undefined ? {} : { NextToken: token },
      });
      for (
        const { InstanceId, Tags } of page.Reservations?.flatMap(({ Instances }) => Instances ?? []) ?? []
      ) {
        const run = Tags?.find(({ Key }) => Key === RUN_TAG)?.Value;
        if (InstanceId !== undefined && run) push(this.#of(run).instances, "", InstanceId);
      }
      token = page.NextToken;
    } while (token);
  }

  async clustersAndTasks(): Promise<void> {
    const arns = await this.#pages((nextToken) =>
      this.#caller.call("ecs:ListClusters", { nextToken }).then((page) => [page.clusterArns, page.nextToken])
    );
    const isOurs = (arn: string) => arn.split("/").at(-1)!.startsWith(OUR_NAMES);
    await this.#clusters(arns.filter(isOurs));
    try {
      await this.#clusters(arns.filter((arn) => !isOurs(arn)));
    } catch (error) {
      if (!(error instanceof AwsError) || error.kind !== "denied") throw error;
      this.unseen = error;
    }
  }

  async #clusters(arns: readonly string[]): Promise<void> {
    for (const chunk of inChunks(arns, 100)) {
      const { clusters = [] } = await this.#caller.call("ecs:DescribeClusters", {
        clusters: chunk,
        include: ["TAGS"],
      });
      for (const { clusterArn = "", status, tags } of clusters) {
        if (status === "INACTIVE") continue;
        const run = this.#match(tags);
        if (run !== undefined) {
          const found = this.#of(run);
          found.clusters.push(clusterArn);
          // Its instances leave it when they are taken from it.
          const ids = found.instances.get("");
          if (ids) {
            found.instances.delete("");
            found.instances.set(clusterArn, ids);
          }
        }
        await this.#tasksIn(clusterArn);
      }
    }
  }

  async taskDefinitions(): Promise<void> {
    const arns = await this.#pages((nextToken) =>
      this.#caller.call("ecs:ListTaskDefinitions", { status: "ACTIVE", nextToken })
        .then((page) => [page.taskDefinitionArns, page.nextToken])
    );
    for (const arn of arns.filter((arn) => arn.split("/").at(-1)!.startsWith(OUR_NAMES))) {
      try {
        const { taskDefinition, tags } = await this.#caller.call("ecs:DescribeTaskDefinition", {
          taskDefinition: arn,
          include: ["TAGS"],
        });
        const { runId } = this.#wanted;
        const run = this.#match(tags) ??
          (runId !== undefined && isLabelled(taskDefinition, runId) ? runId : undefined);
        if (run !== undefined) this.#of(run).taskDefinitions.push(arn);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
  }

  async #tasksIn(cluster: string): Promise<void> {
    const { runId } = this.#wanted;
    const arns = await this.#pages((nextToken) =>
      this.#caller.call("ecs:ListTasks", {
        cluster,
        nextToken,
        ...runId === undefined ? {} : { startedBy: runId },
      })
        .then((page) => [page.taskArns, page.nextToken])
    );
    for (const chunk of inChunks(arns, 100)) {
      const { tasks = [] } = await this.#caller.call("ecs:DescribeTasks", {
        cluster,
        tasks: chunk,
        include: ["TAGS"],
      });
      for (const { taskArn, startedBy, tags } of tasks) {
        const run = runId !== undefined && startedBy === runId ? runId : this.#match(tags);
        if (run !== undefined && taskArn !== undefined) push(this.#of(run).tasks, cluster, taskArn);
      }
    }
  }

  /** The run that a thing belongs to, if it is one that is wanted. */
  #match(tags: Parameters<typeof tagValue>[0]): string | undefined {
    const { runId, jobName } = this.#wanted;
    const run = tagValue(tags, RUN_TAG);
    const isWanted = runId === undefined ? tagValue(tags, JOB_TAG) === jobName : run === runId;
    return isWanted ? run : undefined;
  }

  #of(runId: string): Found {
    let found = this.found.get(runId);
    if (!found) {
      found = {
        tasks: new Map(),
        instances: new Map(),
        taskDefinitions: [],
        clusters: [],
        unsure: new Map(),
      };
      this.found.set(runId, found);
    }
    return found;
  }

  async #pages(
    page: (nextToken: string | undefined) => Promise<[string[] | undefined, string | undefined]>,
  ): Promise<string[]> {
    const all: string[] = [];
    let token: string | undefined;
    do {
      const [items, next] = await page(token);
      all.push(...items ?? []);
      token = next;
    } while (token);
    return all;
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
