/**
 * Looks for a run's EC2 instances.
 *
 * @module
 */
import type { Belonging } from "./belongings.ts";
import { RUN_TAG } from "./names.ts";
import { byCluster, type FindOptions, isSure, type Seeker, type Sight } from "./seeker.ts";

/** Instances that have not ended, by the cluster that they are in. */
export const INSTANCES: Seeker<Map<string, readonly string[]>> = {
  type: "ec2-instances",
  known: (things) =>
    new Map([...byCluster(things)].map(([cluster, inIt]) => [cluster, inIt.flatMap(knownOf)])),
  async look(things, options) {
    const found = new Map<string, readonly string[]>();
    let isComplete = true;
    for (const [cluster, inIt] of byCluster(things)) {
      const ids = new Set<string>();
      for (const thing of inIt) {
        const sight = await lookForThoseOf(thing, options);
        for (const id of sight.found) ids.add(id);
        isComplete &&= sight.isComplete;
      }
      found.set(cluster, [...ids]);
    }
    return { found, isComplete };
  },
};

const ENDED = /terminated|shutting-down/;

/** The instances that one call started: by the run's tag, or where tags were denied by the call's token. */
async function lookForThoseOf(thing: Belonging, options: FindOptions): Promise<Sight<string[]>> {
  const known = knownOf(thing);
  if (isSure(thing, options)) return { found: known, isComplete: true };
  const filter = thing.data.tagged === false
    ? { Name: "client-token", Values: [thing.key] }
    : { Name: `tag:${RUN_TAG}`, Values: [options.runId] };
  const { Reservations = [] } = await options.caller.call("ec2:DescribeInstances", { Filters: [filter] });
  const seen = Reservations.flatMap(({ Instances }) => Instances ?? []);
  const ended = new Set(
    seen.filter(({ State }) => ENDED.test(State?.Name ?? "")).map(({ InstanceId }) => InstanceId),
  );
  const ids = [...known, ...seen.flatMap(({ InstanceId }) => InstanceId ?? [])];
  return { found: ids.filter((id) => !ended.has(id)), isComplete: seen.length > 0 };
}

function knownOf({ data }: Belonging): string[] {
  return [...data.instanceIds ?? []];
}
