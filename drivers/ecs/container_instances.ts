/**
 * EC2 instances as a cluster knows them.
 *
 * @module
 */
import type { ContainerInstance } from "@aws-sdk/client-ecs";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { inChunks } from "./in_chunks.ts";

/**
 * The container instances of a cluster that are on the given EC2 instances.
 *
 * @param cluster undefined for the account's default one.
 * @throws {AwsError} if AWS can't be asked.
 */
export async function containerInstancesOf(
  caller: AwsCaller,
  cluster: string | undefined,
  instanceIds: readonly string[],
): Promise<ContainerInstance[]> {
  const wanted = new Set(instanceIds);
  const where = cluster === undefined ? {} : { cluster };
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await caller.call("ecs:ListContainerInstances", { ...where, nextToken });
    arns.push(...page.containerInstanceArns ?? []);
    nextToken = page.nextToken;
  } while (nextToken);
  const found: ContainerInstance[] = [];
  for (const chunk of inChunks(arns, 100)) {
    const { containerInstances = [] } = await caller.call("ecs:DescribeContainerInstances", {
      ...where,
      containerInstances: chunk,
    });
    found.push(...containerInstances.filter(({ ec2InstanceId }) => wanted.has(ec2InstanceId ?? "")));
  }
  return found;
}
