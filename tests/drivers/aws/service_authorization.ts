/**
 * What AWS's Service Authorization Reference says of the actions that runs need, as of 2026: how each is classed, and to which
 * types of resources it can be narrowed. Facts only.
 *
 * @module
 */

/** An action, as IAM knows it. */
export interface ActionFacts {
  /** The reference's access level. */
  readonly access: "List" | "Read" | "Write" | "Tagging" | "Permissions management";
  /** The types of resources it can be narrowed to; none for those that take `*` alone. */
  readonly resources: readonly string[];
}

/** By action. */
export const ACTIONS: Readonly<Record<string, ActionFacts>> = {
  "batch:DescribeJobs": { access: "Read", resources: [] },
  "batch:ListJobs": { access: "List", resources: [] },
  "batch:SubmitJob": { access: "Write", resources: ["job", "job-queue", "job-definition"] },
  "batch:TagResource": { access: "Tagging", resources: ["job", "job-queue", "job-definition"] },
  "batch:TerminateJob": { access: "Write", resources: ["job"] },
  "cloudformation:DescribeStacks": { access: "List", resources: ["stack"] },
  "ec2:CreateTags": { access: "Tagging", resources: ["instance", "volume"] },
  "ec2:DescribeInstances": { access: "List", resources: [] },
  "ec2:RunInstances": {
    access: "Write",
    resources: ["image", "instance", "network-interface", "security-group", "subnet", "volume"],
  },
  "ec2:TerminateInstances": { access: "Write", resources: ["instance"] },
  "ecr:BatchCheckLayerAvailability": { access: "Read", resources: ["repository"] },
  "ecr:BatchGetImage": { access: "Read", resources: ["repository"] },
  "ecr:GetAuthorizationToken": { access: "Read", resources: [] },
  "ecr:GetDownloadUrlForLayer": { access: "Read", resources: ["repository"] },
  "ecs:CreateCluster": { access: "Write", resources: ["cluster"] },
  "ecs:DeleteCluster": { access: "Write", resources: ["cluster"] },
  "ecs:DeleteTaskDefinitions": { access: "Write", resources: ["task-definition"] },
  "ecs:DeregisterContainerInstance": { access: "Write", resources: ["cluster"] },
  "ecs:DeregisterTaskDefinition": { access: "Write", resources: [] },
  "ecs:DescribeClusters": { access: "Read", resources: ["cluster"] },
  "ecs:DescribeContainerInstances": { access: "Read", resources: ["container-instance"] },
  "ecs:DescribeTaskDefinition": { access: "Read", resources: [] },
  "ecs:DescribeTasks": { access: "Read", resources: ["task"] },
  "ecs:ListClusters": { access: "List", resources: [] },
  "ecs:ListContainerInstances": { access: "List", resources: ["cluster"] },
  "ecs:ListTaskDefinitions": { access: "List", resources: [] },
  // Of its type of resource the cluster of the call is not known, which its condition key `ecs:cluster` tells.
  "ecs:ListTasks": { access: "List", resources: ["container-instance"] },
  "ecs:RegisterTaskDefinition": { access: "Write", resources: ["task-definition"] },
  "ecs:RunTask": { access: "Write", resources: ["task-definition"] },
  "ecs:StopTask": { access: "Write", resources: ["task"] },
  "ecs:TagResource": { access: "Tagging", resources: ["cluster", "task", "task-definition"] },
  "iam:PassRole": { access: "Permissions management", resources: ["role"] },
  "logs:CreateLogStream": { access: "Write", resources: ["log-stream"] },
  "logs:GetLogEvents": { access: "Read", resources: ["log-stream"] },
  "logs:PutLogEvents": { access: "Write", resources: ["log-stream"] },
};
