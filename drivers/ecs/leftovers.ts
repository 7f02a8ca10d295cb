/**
 * Finds what a run has left in AWS, from what it wrote down.
 *
 * @module
 */
import { sleep } from "../../core/sleep.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { Belonging, EcsThingType } from "./belongings.ts";
import { CLUSTERS } from "./seek_clusters.ts";
import { INSTANCES } from "./seek_instances.ts";
import { TASK_DEFINITIONS } from "./seek_task_definitions.ts";
import { TASKS } from "./seek_tasks.ts";
import { type FindOptions, isSure, type Seeker } from "./seeker.ts";

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

/**
 * Finds what there is. AWS's lists are eventually consistent: where something may be and is not seen, it is looked for once
 * more after a while. Where AWS can't be asked, what is known without it has to do.
 */
export async function findLeftovers(things: readonly Belonging[], options: FindOptions): Promise<Leftovers> {
  const unsure = new Map<EcsThingType, AwsError>();
  const seek = <Found>(seeker: Seeker<Found>) => seekThings(seeker, things, { ...options, unsure });
  const [tasks, instances, taskDefinitions, clusters] = await Promise.all([
    seek(TASKS),
    seek(INSTANCES),
    seek(TASK_DEFINITIONS),
    seek(CLUSTERS),
  ]);
  return { tasks, instances, taskDefinitions, clusters, unsure };
}

async function seekThings<Found>(
  seeker: Seeker<Found>,
  things: readonly Belonging[],
  options: FindOptions & { readonly unsure: Map<EcsThingType, AwsError> },
): Promise<Found> {
  const own = things.filter(({ type }) => type === seeker.type);
  let found = seeker.known(own);
  if (own.length === 0) return found;
  try {
    const first = await seeker.look(own, options);
    found = first.found;
    if (first.isComplete) return found;
    await sleep(options.times.absenceMs);
    return (await seeker.look(own, options)).found;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (!own.every((thing) => isSure(thing, options))) options.unsure.set(seeker.type, error);
    return found;
  }
}
