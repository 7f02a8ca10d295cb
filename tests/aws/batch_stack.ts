/**
 * What a Batch user has: a stack made from the template of this repository.
 *
 * @module
 */
import type { TestAccount } from "./account.ts";
import { xmlTexts } from "./moto_client.ts";
import { WORKER_IMAGE } from "./worker_image.ts";

/** The stack's name. */
export const STACK = "test-batch";

const TEMPLATE = new URL("../../drivers/aws_batch/stack.yaml", import.meta.url);

/** How the stack is made. */
export interface BatchStackOptions {
  /** The job definition's image. */
  readonly image?: string;
  /** The stack's name. */
  readonly stack?: string;
}

/** Makes the stack. @returns its outputs by key */
export async function makeBatchStack(
  { moto }: TestAccount,
  { image = WORKER_IMAGE, stack = STACK }: BatchStackOptions = {},
): Promise<Record<string, string>> {
  const parameters = {
    VpcId: xmlTexts(await moto.query("ec2", "DescribeVpcs"), "vpcId")[0]!,
    SubnetIds: xmlTexts(await moto.query("ec2", "DescribeSubnets"), "subnetId")[0]!,
    Image: image,
    MaxVcpus: "40",
  };
  const listed = Object.entries(parameters).flatMap(([key, value], index) => [
    [`Parameters.member.${index + 1}.ParameterKey`, key],
    [`Parameters.member.${index + 1}.ParameterValue`, value],
  ]);
  const TemplateBody = await Deno.readTextFile(TEMPLATE);
  await moto.query("cloudformation", "CreateStack", {
    ...{ StackName: stack, TemplateBody },
    ...Object.fromEntries(listed),
  });
  const described = await moto.query("cloudformation", "DescribeStacks", { StackName: stack });
  const values = xmlTexts(described, "OutputValue");
  return Object.fromEntries(xmlTexts(described, "OutputKey").map((key, index) => [key, values[index]!]));
}
