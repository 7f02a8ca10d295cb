/**
 * Looks for a run's task definitions.
 *
 * @module
 */
import type { TaskDefinition } from "@aws-sdk/client-ecs";
import { RUN_LABEL } from "./names.ts";
import { isSure, type Seeker } from "./seeker.ts";

/** Active task definitions, by ARN. A call that was not answered and made again may have left more than one revision. */
export const TASK_DEFINITIONS: Seeker<string[]> = {
  type: "ecs-task-definition",
  known: (things) => things.flatMap(({ data }) => data.arn ?? []),
  async look(things, options) {
    const { caller, runId } = options;
    const arns = new Set<string>();
    let isComplete = true;
    for (const thing of things) {
      if (isSure(thing, options) && thing.data.arn !== undefined) arns.add(thing.data.arn);
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
    return { found: [...arns], isComplete };
  },
};

/** Whether a task definition has the label of the run. */
export function isLabelled(definition: TaskDefinition | undefined, runId: string): boolean {
  return definition?.containerDefinitions?.some(({ dockerLabels }) => dockerLabels?.[RUN_LABEL] === runId) ??
    false;
}
