/**
 * Finds what is misspelt in the inputs that the user gave, before anything is made.
 *
 * @module
 */
import type { AwsCaller } from "../aws/aws_caller.ts";
import type { EcsExtraParams } from "./extra_params.ts";

const INPUTS = [
  ["create_cluster", "ecs:CreateCluster"],
  ["register_task_definition", "ecs:RegisterTaskDefinition"],
  ["run_task", "ecs:RunTask"],
  ["run_instances", "ec2:RunInstances"],
] as const;

/**
 * Checks the names in each call's input, however deep they are. Calls nothing.
 *
 * @throws {ConfigError} naming one that the call does not have.
 */
export async function checkInputNames(caller: AwsCaller, params: EcsExtraParams): Promise<void> {
  for (const [key, action] of INPUTS) {
    const input = params[key];
    if (input) await caller.check(action, input, `'${key}' in computeWorkerExtraParams`);
  }
}
