/**
 * An AWS in memory, as far as the ECS driver calls it, whose every answer a test can change.
 *
 * @module
 */
import type { Task } from "@aws-sdk/client-ecs";
import type { AwsAction, AwsInput, AwsOutput, AwsSend } from "../../../drivers/aws/api.ts";

/** A call that was made. */
export interface FakeCall {
  readonly action: AwsAction;
  // deno-lint-ignore no-explicit-any -- tests know what they look into
  readonly input: any;
}

/** Changes an answer: gives another, throws, or leaves it to the next by calling `next`. */
export type FakeAnswer = (call: FakeCall, next: () => unknown) => unknown;

interface FakeTask extends Task {
  clusterName: string;
}

/** What it holds. */
export class FakeAws implements AwsSend {
  readonly calls: FakeCall[] = [];
  readonly clusters = new Map<string, { status: string; tags: unknown[] }>();
  readonly definitions = new Map<string, { status: string; body: Record<string, unknown> }>();
  readonly tasks = new Map<string, FakeTask>();
  readonly instances = new Map<
    string,
    { state: string; token: string; joined: string | undefined; tags: unknown[]; reason?: string }
  >();
  /** What each log stream holds. */
  readonly logs = new Map<string, string[]>();
  /** The regions that it was called in. */
  readonly regions: (string | undefined)[] = [];
  readonly answers: FakeAnswer[] = [];
  /** How many tasks an instance has room for; undefined where tasks need none. */
  room: number | undefined;
  destroyed = 0;
  #count = 0;

  /** Changes the next so many answers to an action. */
  next(action: AwsAction, answer: FakeAnswer, times = 1): void {
    let left = times;
    this.answers.push((call, next) => call.action === action && left-- > 0 ? answer(call, next) : next());
  }

  /** The inputs of the calls of an action. */
  // deno-lint-ignore no-explicit-any -- tests know what they look into
  inputs(action: AwsAction): any[] {
    return this.calls.filter((call) => call.action === action).map(({ input }) => input);
  }

  /** The actions that were called, in order, each run of one of them once. */
  actions(): AwsAction[] {
    return this.calls.map(({ action }) => action).filter((action, at, all) => action !== all[at - 1]);
  }

  /** What costs money, or is in the way. */
  left(): string[] {
    return [
      ...[...this.clusters].filter(([, { status }]) => status === "ACTIVE").map(([name]) => name),
      ...[...this.definitions].filter(([, { status }]) => status === "ACTIVE").map(([arn]) => arn),
      ...[...this.tasks].filter(([, { lastStatus }]) => lastStatus !== "STOPPED").map(([arn]) => arn),
      ...[...this.instances].filter(([, { state }]) => state === "running").map(([id]) => id),
    ];
  }

  /** A task ends. */
  end(arn: string, end: Partial<Task>, exitCode?: number): void {
    const task = this.tasks.get(arn)!;
    Object.assign(task, { lastStatus: "STOPPED", ...end });
    task.containers = [{ name: "c", ...exitCode === undefined ? {} : { exitCode } }];
  }

  /** Instances join their clusters. */
  join(): void {
    for (const instance of this.running()) instance.joined ??= "cluster";
  }

  /** Instances that have not ended. */
  running(): { state: string; joined: string | undefined }[] {
    return [...this.instances.values()].filter(({ state }) => state === "running");
  }

  /** An instance ends, and what runs on it. */
  terminate(id: string, reason = "Server.SpotInstanceTermination"): void {
    Object.assign(this.instances.get(id)!, { state: "terminated", joined: undefined, reason });
    for (const [arn, { containerInstanceArn, lastStatus }] of this.tasks) {
      if (containerInstanceArn !== `ci/${id}` || lastStatus === "STOPPED") continue;
      this.end(arn, { stoppedReason: `Host EC2 (instance ${id}) terminated.` });
    }
  }

  /** Calls go to a region. */
  in(region: string | undefined): this {
    this.regions.push(region);
    return this;
  }

  async send<Action extends AwsAction>(action: Action, input: AwsInput<Action>): Promise<AwsOutput<Action>> {
    const call: FakeCall = { action, input };
    this.calls.push(call);
    const answer = this.answers.reduce<() => unknown>(
      (next, change) => () => change(call, next),
      () => this.#answer(call),
    );
    await Promise.resolve();
    return await answer() as AwsOutput<Action>;
  }

  region(): Promise<string> {
    return Promise.resolve("us-east-1");
  }

  destroy(): void {
    this.destroyed++;
  }

  #answer({ action, input }: FakeCall): unknown {
    switch (action) {
      case "ecs:CreateCluster":
        this.clusters.set(input.clusterName, { status: "ACTIVE", tags: input.tags ?? [] });
        return { cluster: this.#cluster(input.clusterName) };
      case "ecs:DescribeClusters":
        return {
          clusters: (input.clusters ?? ["default"]).flatMap((name: string) => this.#cluster(name) ?? []),
        };
      case "ecs:ListClusters":
        return { clusterArns: [...this.clusters.keys()] };
      case "ecs:DeleteCluster": {
        const cluster = this.clusters.get(input.cluster);
        if (!cluster) throw awsError("ClusterNotFoundException", "Cluster not found.");
        cluster.status = "INACTIVE";
        return {};
      }
      case "ecs:RegisterTaskDefinition": {
        const arn = `arn:aws:ecs:us-east-1:1:task-definition/${input.family}:${++this.#count}`;
        this.definitions.set(arn, { status: "ACTIVE", body: input });
        return { taskDefinition: { ...input, taskDefinitionArn: arn } };
      }
      case "ecs:ListTaskDefinitions":
        return {
          taskDefinitionArns: [...this.definitions].filter(([, { status, body }]) =>
            status === "ACTIVE" && (input.familyPrefix === undefined || body.family === input.familyPrefix)
          ).map(([arn]) => arn),
        };
      case "ecs:DescribeTaskDefinition": {
        const found = this.definitions.get(input.taskDefinition);
        if (!found) throw awsError("ClientException", "Unable to describe task definition.");
        return {
          taskDefinition: { ...found.body, taskDefinitionArn: input.taskDefinition },
          tags: found.body.tags,
        };
      }
      case "ecs:DeregisterTaskDefinition":
        this.definitions.get(input.taskDefinition)!.status = "INACTIVE";
        return {};
      case "ecs:DeleteTaskDefinitions":
        return {};
      case "ecs:RunTask":
        return this.#runTask(input);
      case "ecs:ListTasks":
        return {
          taskArns: [...this.tasks.values()].filter((task) =>
            task.clusterName === (input.cluster ?? "") &&
            (task.lastStatus === "STOPPED") === (input.desiredStatus === "STOPPED") &&
            (input.family === undefined || task.group === `family:${input.family}`) &&
            (input.startedBy === undefined || task.startedBy === input.startedBy)
          ).map(({ taskArn }) => taskArn),
        };
      case "ecs:DescribeTasks": {
        const found = input.tasks.map((arn: string) => this.tasks.get(arn) ?? { missing: arn });
        return {
          tasks: found.filter(({ missing }: { missing?: string }) => missing === undefined),
          failures: found.flatMap(({ missing }: { missing?: string }) =>
            missing === undefined ? [] : [{ arn: missing, reason: "MISSING" }]
          ),
        };
      }
      case "ecs:StopTask":
        if (!this.tasks.has(input.task)) {
          throw awsError("InvalidParameterException", "The referenced task was not found.");
        }
        this.end(input.task, { stopCode: "UserInitiated", stoppedReason: input.reason });
        return {};
      case "ecs:ListContainerInstances":
        return {
          containerInstanceArns: [...this.instances].filter(([, { joined }]) => joined).map(([id]) =>
            `ci/${id}`
          ),
        };
      case "ecs:DescribeContainerInstances":
        return {
          containerInstances: input.containerInstances.map((arn: string) => ({
            containerInstanceArn: arn,
            ec2InstanceId: arn.split("/").at(-1),
            status: "ACTIVE",
          })),
        };
      case "ecs:DeregisterContainerInstance":
        this.instances.get(input.containerInstance.split("/").at(-1))!.joined = undefined;
        return {};
      case "ec2:RunInstances": {
        const ids = Array.from({ length: input.MaxCount }, () => `i-${++this.#count}`);
        const tags = input.TagSpecifications?.[0]?.Tags ?? [];
        for (const id of ids) {
          this.instances.set(id, { state: "running", token: input.ClientToken, joined: undefined, tags });
        }
        return { Instances: ids.map((InstanceId) => ({ InstanceId })) };
      }
      case "ec2:DescribeInstances": {
        const token = input.Filters?.find(({ Name }: { Name: string }) => Name === "client-token")?.Values[0];
        const tag = input.Filters?.find(({ Name }: { Name: string }) => Name.startsWith("tag:"));
        const found = [...this.instances].filter(([id, instance]) =>
          token !== undefined
            ? instance.token === token
            : tag
            ? instance.tags.some((one) => (one as { Value: string }).Value === tag.Values[0])
            : (input.InstanceIds ?? input.Filters[0].Values).includes(id)
        );
        return {
          Reservations: [{
            Instances: found.map(([InstanceId, { state, tags, reason }]) => ({
              InstanceId,
              State: { Name: state },
              ...reason === undefined ? {} : { StateReason: { Message: reason } },
              Tags: tags,
            })),
          }],
        };
      }
      case "ec2:TerminateInstances":
        for (const id of input.InstanceIds) this.instances.get(id)!.state = "shutting-down";
        return {};
      case "logs:GetLogEvents": {
        const messages = this.logs.get(input.logStreamName);
        if (!messages) {
          throw awsError("ResourceNotFoundException", "The specified log stream does not exist.");
        }
        return { events: messages.map((message) => ({ message })), nextBackwardToken: "b/0" };
      }
      default:
        throw new TypeError(`the fake has no ${action}`);
    }
  }

  #runTask(input: FakeCall["input"]): unknown {
    if (this.room === undefined) {
      return { tasks: Array.from({ length: input.count }, () => this.#task(input)) };
    }
    const joined = [...this.instances].filter(([, { joined }]) => joined).map(([id]) => `ci/${id}`);
    if (joined.length === 0) {
      throw awsError("InvalidParameterException", "No Container Instances were found in your cluster.");
    }
    const tasks: FakeTask[] = [];
    for (const instance of joined) {
      const used = [...this.tasks.values()].filter(({ containerInstanceArn, lastStatus }) =>
        containerInstanceArn === instance && lastStatus !== "STOPPED"
      ).length;
      for (let free = this.room - used; free > 0 && tasks.length < input.count; free--) {
        const task = this.#task(input);
        task.containerInstanceArn = instance;
        tasks.push(task);
      }
    }
    return { tasks, failures: tasks.length < input.count ? [{ reason: "RESOURCE:MEMORY" }] : [] };
  }

  #cluster(name: string): unknown {
    const cluster = this.clusters.get(name);
    const inIt = [...this.tasks.values()].filter(({ clusterName }) => clusterName === name);
    const counted = (status: string) => inIt.filter(({ lastStatus }) => lastStatus === status).length;
    return cluster && {
      ...{ clusterName: name, clusterArn: name, ...cluster },
      runningTasksCount: counted("RUNNING"),
      pendingTasksCount: counted("PENDING"),
      registeredContainerInstancesCount: [...this.instances.values()].filter(({ joined }) =>
        joined === name
      ).length,
    };
  }

  #task(input: FakeCall["input"]): FakeTask {
    const task: FakeTask = {
      clusterName: input.cluster ?? "",
      taskArn: `arn:aws:ecs:us-east-1:1:task/${input.cluster}/${++this.#count}`,
      startedBy: input.startedBy,
      group: `family:${input.taskDefinition.split("/").at(-1).split(":")[0]}`,
      tags: input.tags,
      lastStatus: "RUNNING",
    };
    this.tasks.set(task.taskArn!, task);
    return task;
  }
}

/** An error as the SDK throws it. */
export function awsError(name: string, message: string, httpStatusCode = 400): Error {
  const error = Object.assign(new Error(message), { $metadata: { httpStatusCode } });
  error.name = name;
  return error;
}

/** An answer that never came: whether it was done no one knows. */
export function lost(): never {
  throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
}
