/**
 * What an ECS user has before the first run: a subnet, a security group, roles, and for instances an image and a profile.
 *
 * @module
 */
import { type MotoClient, xmlTexts } from "./moto_client.ts";
import { WORKER_IMAGE } from "./worker_image.ts";

/** What the helpers of `CW_ECS` need of an account. */
export interface EcsEssentials {
  /** What both take. */
  readonly fargate: {
    readonly containerImage: string;
    readonly taskRoleArn: string;
    readonly executionRoleArn: string;
    readonly subnet: string;
    readonly securityGroups: readonly string[];
  };
  /** What a cluster of instances takes besides. */
  readonly instances: {
    readonly ami: string;
    readonly instanceType: string;
    readonly instanceProfileArn: string;
  };
}

/** Finds moto's own network and image, and makes the profile. */
export async function ecsEssentials(moto: MotoClient): Promise<EcsEssentials> {
  const first = async (action: string, element: string) => {
    return xmlTexts(await moto.query("ec2", action), element)[0]!;
  };
  const profile = await moto.query("iam", "CreateInstanceProfile", { InstanceProfileName: "instances" });
  return {
    fargate: {
      containerImage: WORKER_IMAGE,
      taskRoleArn: "arn:aws:iam::123456789012:role/task",
      executionRoleArn: "arn:aws:iam::123456789012:role/execution",
      subnet: await first("DescribeSubnets", "subnetId"),
      securityGroups: [await first("DescribeSecurityGroups", "groupId")],
    },
    instances: {
      ami: await first("DescribeImages", "imageId"),
      instanceType: "t3.medium",
      instanceProfileArn: xmlTexts(profile, "Arn")[0]!,
    },
  };
}
