/**
 * The AWS calls that drivers make, by the names that IAM has for them. Types only: nothing of the SDK is loaded.
 *
 * @module
 */

/** What a call takes and what it gives. */
export interface AwsCall<Input, Output> {
  /** The SDK's input. */
  readonly input: Input;
  /** The SDK's output. */
  readonly output: Output;
}

/** Every call, by its IAM action. */
export interface AwsApi {
  /** CreateCluster of ECS. */
  "ecs:CreateCluster": AwsCall<
    import("@aws-sdk/client-ecs").CreateClusterCommandInput,
    import("@aws-sdk/client-ecs").CreateClusterCommandOutput
  >;
  /** DeleteCluster of ECS. */
  "ecs:DeleteCluster": AwsCall<
    import("@aws-sdk/client-ecs").DeleteClusterCommandInput,
    import("@aws-sdk/client-ecs").DeleteClusterCommandOutput
  >;
  /** DescribeClusters of ECS. */
  "ecs:DescribeClusters": AwsCall<
    import("@aws-sdk/client-ecs").DescribeClustersCommandInput,
    import("@aws-sdk/client-ecs").DescribeClustersCommandOutput
  >;
  /** ListClusters of ECS. */
  "ecs:ListClusters": AwsCall<
    import("@aws-sdk/client-ecs").ListClustersCommandInput,
    import("@aws-sdk/client-ecs").ListClustersCommandOutput
  >;
  /** RegisterTaskDefinition of ECS. */
  "ecs:RegisterTaskDefinition": AwsCall<
    import("@aws-sdk/client-ecs").RegisterTaskDefinitionCommandInput,
    import("@aws-sdk/client-ecs").RegisterTaskDefinitionCommandOutput
  >;
  /** DescribeTaskDefinition of ECS. */
  "ecs:DescribeTaskDefinition": AwsCall<
    import("@aws-sdk/client-ecs").DescribeTaskDefinitionCommandInput,
    import("@aws-sdk/client-ecs").DescribeTaskDefinitionCommandOutput
  >;
  /** ListTaskDefinitions of ECS. */
  "ecs:ListTaskDefinitions": AwsCall<
    import("@aws-sdk/client-ecs").ListTaskDefinitionsCommandInput,
    import("@aws-sdk/client-ecs").ListTaskDefinitionsCommandOutput
  >;
  /** DeregisterTaskDefinition of ECS. */
  "ecs:DeregisterTaskDefinition": AwsCall<
    import("@aws-sdk/client-ecs").DeregisterTaskDefinitionCommandInput,
    import("@aws-sdk/client-ecs").DeregisterTaskDefinitionCommandOutput
  >;
  /** DeleteTaskDefinitions of ECS. */
  "ecs:DeleteTaskDefinitions": AwsCall<
    import("@aws-sdk/client-ecs").DeleteTaskDefinitionsCommandInput,
    import("@aws-sdk/client-ecs").DeleteTaskDefinitionsCommandOutput
  >;
  /** RunTask of ECS. */
  "ecs:RunTask": AwsCall<
    import("@aws-sdk/client-ecs").RunTaskCommandInput,
    import("@aws-sdk/client-ecs").RunTaskCommandOutput
  >;
  /** StopTask of ECS. */
  "ecs:StopTask": AwsCall<
    import("@aws-sdk/client-ecs").StopTaskCommandInput,
    import("@aws-sdk/client-ecs").StopTaskCommandOutput
  >;
  /** ListTasks of ECS. */
  "ecs:ListTasks": AwsCall<
    import("@aws-sdk/client-ecs").ListTasksCommandInput,
    import("@aws-sdk/client-ecs").ListTasksCommandOutput
  >;
  /** DescribeTasks of ECS. */
  "ecs:DescribeTasks": AwsCall<
    import("@aws-sdk/client-ecs").DescribeTasksCommandInput,
    import("@aws-sdk/client-ecs").DescribeTasksCommandOutput
  >;
  /** ListContainerInstances of ECS. */
  "ecs:ListContainerInstances": AwsCall<
    import("@aws-sdk/client-ecs").ListContainerInstancesCommandInput,
    import("@aws-sdk/client-ecs").ListContainerInstancesCommandOutput
  >;
  /** DescribeContainerInstances of ECS. */
  "ecs:DescribeContainerInstances": AwsCall<
    import("@aws-sdk/client-ecs").DescribeContainerInstancesCommandInput,
    import("@aws-sdk/client-ecs").DescribeContainerInstancesCommandOutput
  >;
  /** DeregisterContainerInstance of ECS. */
  "ecs:DeregisterContainerInstance": AwsCall<
    import("@aws-sdk/client-ecs").DeregisterContainerInstanceCommandInput,
    import("@aws-sdk/client-ecs").DeregisterContainerInstanceCommandOutput
  >;
  /** RunInstances of EC2. */
  "ec2:RunInstances": AwsCall<
    import("@aws-sdk/client-ec2").RunInstancesCommandInput,
    import("@aws-sdk/client-ec2").RunInstancesCommandOutput
  >;
  /** DescribeInstances of EC2. */
  "ec2:DescribeInstances": AwsCall<
    import("@aws-sdk/client-ec2").DescribeInstancesCommandInput,
    import("@aws-sdk/client-ec2").DescribeInstancesCommandOutput
  >;
  /** TerminateInstances of EC2. */
  "ec2:TerminateInstances": AwsCall<
    import("@aws-sdk/client-ec2").TerminateInstancesCommandInput,
    import("@aws-sdk/client-ec2").TerminateInstancesCommandOutput
  >;
  /** SubmitJob of Batch. */
  "batch:SubmitJob": AwsCall<
    import("@aws-sdk/client-batch").SubmitJobCommandInput,
    import("@aws-sdk/client-batch").SubmitJobCommandOutput
  >;
  /** DescribeJobs of Batch. */
  "batch:DescribeJobs": AwsCall<
    import("@aws-sdk/client-batch").DescribeJobsCommandInput,
    import("@aws-sdk/client-batch").DescribeJobsCommandOutput
  >;
  /** ListJobs of Batch. */
  "batch:ListJobs": AwsCall<
    import("@aws-sdk/client-batch").ListJobsCommandInput,
    import("@aws-sdk/client-batch").ListJobsCommandOutput
  >;
  /** TerminateJob of Batch. */
  "batch:TerminateJob": AwsCall<
    import("@aws-sdk/client-batch").TerminateJobCommandInput,
    import("@aws-sdk/client-batch").TerminateJobCommandOutput
  >;
  /** DescribeStacks of CloudFormation. */
  "cloudformation:DescribeStacks": AwsCall<
    import("@aws-sdk/client-cloudformation").DescribeStacksCommandInput,
    import("@aws-sdk/client-cloudformation").DescribeStacksCommandOutput
  >;
  /** GetLogEvents of CloudWatch Logs. */
  "logs:GetLogEvents": AwsCall<
    import("@aws-sdk/client-cloudwatch-logs").GetLogEventsCommandInput,
    import("@aws-sdk/client-cloudwatch-logs").GetLogEventsCommandOutput
  >;
}

/** A call's name: the service and the operation, as IAM policies write it. */
export type AwsAction = keyof AwsApi;

/** What a call takes. */
export type AwsInput<Action extends AwsAction> = AwsApi[Action]["input"];

/** What a call gives. */
export type AwsOutput<Action extends AwsAction> = AwsApi[Action]["output"];

/** A service's name, as in an IAM action. */
export type AwsService = "ecs" | "ec2" | "batch" | "cloudformation" | "logs";

/** Sends one call, once, to AWS or to whatever stands in for it; `destroy()` ends its connections. */
export interface AwsSend {
  /**
   * Sends a call.
   *
   * @param options `signal` gives the call up.
   * @throws the SDK's error, or that of the network.
   */
  send<Action extends AwsAction>(
    action: Action,
    input: AwsInput<Action>,
    options: { readonly signal: AbortSignal },
  ): Promise<AwsOutput<Action>>;
  /** The region that calls of a service go to. */
  region(service: AwsService): Promise<string>;
  /**
   * Checks the names in a call's input.
   *
   * @param what the input's name, for the error.
   * @throws {ConfigError} naming one that the call does not have.
   */
  check?(action: AwsAction, input: object, what: string): Promise<void>;
  /** Ends connections that are kept open. */
  destroy(): void;
}
