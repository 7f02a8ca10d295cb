/**
 * Looks for a run's clusters.
 *
 * @module
 */
import type { Belonging } from "./belongings.ts";
import { RUN_TAG, tagValue } from "./names.ts";
import { type FindOptions, isSure, type Seeker, type Sight } from "./seeker.ts";

/** Active clusters, by name. */
export const CLUSTERS: Seeker<string[]> = {
  type: "ecs-cluster",
  known: (things) => things.filter(({ state }) => state === "made").map(({ key }) => key),
  async look(things, options) {
    const names = new Set<string>();
    let isComplete = true;
    for (const thing of things) {
      const sight = await lookForIt(thing, options);
      if (sight.found) names.add(thing.key);
      isComplete &&= sight.isComplete;
    }
    return { found: [...names], isComplete };
  },
};

async function lookForIt(thing: Belonging, options: FindOptions): Promise<Sight<boolean>> {
  if (isSure(thing, options)) return { found: true, isComplete: true };
  const { clusters = [] } = await options.caller.call("ecs:DescribeClusters", {
    clusters: [thing.key],
    include: ["TAGS"],
  });
  const [cluster] = clusters;
  if (!cluster) return { found: false, isComplete: false };
  const owner = tagValue(cluster.tags, RUN_TAG);
  // Where tags were denied, the name that was free before is all there is; another run's tag on it is a no.
  const isOurs = owner === options.runId ||
    owner === undefined && (thing.state === "made" || thing.data.tagged === false);
  return { found: isOurs && cluster.status !== "INACTIVE", isComplete: true };
}
