/**
 * Looks for a run's tasks.
 *
 * @module
 */
import type { Belonging } from "./belongings.ts";
import { hasEnded } from "./explain_task.ts";
import { inChunks } from "./in_chunks.ts";
import {
  byCluster,
  type FindOptions,
  inCluster,
  isMissing,
  isSure,
  type Seeker,
  type Sight,
} from "./seeker.ts";

/** Tasks that have not ended, by cluster. */
export const TASKS: Seeker<Map<string, readonly string[]>> = {
  type: "ecs-tasks",
  known: (things) => new Map([...byCluster(things)].map(([cluster, inIt]) => [cluster, knownOf(inIt)])),
  async look(things, options) {
    const found = new Map<string, readonly string[]>();
    let isComplete = true;
    for (const [cluster, inIt] of byCluster(things)) {
      const sight = await lookInto(cluster, inIt, options);
      found.set(cluster, sight.found);
      isComplete &&= sight.isComplete;
    }
    return { found, isComplete };
  },
};

/** DescribeTasks takes no more at once. */
const MOST_TASKS = 100;

async function lookInto(
  cluster: string,
  things: readonly Belonging[],
  options: FindOptions,
): Promise<Sight<string[]>> {
  const known = knownOf(things);
  try {
    const listed = await listTasks(cluster, options);
    const { running, isUnseen } = await stillRunning(cluster, [...new Set([...known, ...listed])], options);
    // A call without an answer may have started tasks that are not listed yet.
    const mayHide = things.some(({ state }) => state === "intended") && listed.length <= known.length;
    const isAllSure = things.every((thing) => isSure(thing, options));
    return { found: running, isComplete: !mayHide && (!isUnseen || isAllSure) };
  } catch (error) {
    if (!isMissing(error)) throw error;
    return { found: [], isComplete: false };
  }
}

function knownOf(things: readonly Belonging[]): string[] {
  return things.flatMap(({ data }) => data.taskArns ?? []);
}

async function listTasks(cluster: string, { caller, runId }: FindOptions): Promise<string[]> {
  const listed: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await caller.call("ecs:ListTasks", { ...inCluster(cluster), startedBy: runId, nextToken });
    listed.push(...page.taskArns ?? []);
    nextToken = page.nextToken;
  } while (nextToken);
  return listed;
}

/** Those of some tasks that have not ended, and whether AWS knew one of them not at all. */
async function stillRunning(
  cluster: string,
  arns: readonly string[],
  { caller, isOwn }: FindOptions,
): Promise<{ running: string[]; isUnseen: boolean }> {
  const running: string[] = [];
  let isUnseen = false;
  for (const chunk of inChunks(arns, MOST_TASKS)) {
    const { tasks = [] } = await caller.call("ecs:DescribeTasks", { ...inCluster(cluster), tasks: chunk });
    const seen = new Map(tasks.map((task) => [task.taskArn, task]));
    for (const arn of chunk) {
      const task = seen.get(arn);
      if (!task) isUnseen = true;
      if (task ? !hasEnded(task) : isOwn) running.push(arn);
    }
  }
  return { running, isUnseen };
}
