/**
 * A scenario as data, so that several can run at once on one cluster.
 *
 * @module
 */
import type { BatchCluster } from "../batch_cluster.ts";
import type { Scenario } from "../scenario.ts";

/** One of them. */
export interface ScenarioCase {
  /** A sentence. */
  readonly name: string;
  /** Why it is not for this batch system, if so. */
  readonly needs?: (cluster: BatchCluster) => string | undefined;
  /** Whether it disturbs others, and so runs by itself. */
  readonly isAlone?: boolean;
  /** A name for the folder in which home, scene and output are. */
  readonly place?: string;
  /** The test. What is left is looked at afterwards. */
  run(scenario: Scenario): Promise<void>;
}
