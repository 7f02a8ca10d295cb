/**
 * ECS as AWS answers, where moto does not: how tasks fare, limits of calls, tokens, defaults of lists.
 *
 * @module
 */
import { type AwsAnswer, type AwsCall, errorAnswer, jsonAnswer, type Next, withInput } from "../aws_call.ts";
import { Tokens } from "./tokens.ts";
import type { EcsAgent, TaskState } from "./ecs_agent.ts";

/** Most characters of a call's overrides (RunTask, `overrides`). */
const OVERRIDES_LIMIT = 8192;
const PAGE = 100;

// deno-lint-ignore no-explicit-any -- answers of moto, changed where their shape is known
type Answered = any;

/** Answers for ECS. */
export class EcsOverlay {
  readonly #agent: EcsAgent;
  readonly #tokens = new Tokens();

  constructor(agent: EcsAgent) {
    this.#agent = agent;
  }

  /** Answers a call. */
  async answer(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    switch (call.action) {
      case "RunTask":
        return await this.#runTask(call, moto);
      case "DescribeTasks":
        return await this.#describeTasks(call, moto);
      case "ListTasks":
        return await this.#listTasks(call, moto);
      case "StopTask":
        return await this.#stopTask(call, moto);
      case "DescribeClusters":
        return await this.#describeClusters(call, moto);
      case "DeleteCluster":
        return await this.#deleteCluster(call, moto);
      default:
        return await moto(call);
    }
  }

  async #runTask(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const { count = 1, overrides, clientToken } = call.input as Answered;
    if (count > 10 || count < 1) return invalid(call, "count should be between 1 and 10.");
    if (JSON.stringify(overrides ?? {}).length > OVERRIDES_LIMIT) {
      return invalid(call, "Container Overrides length must be at most 8192");
    }
    return await this.#tokens.once(clientToken, call, async () => {
      const answer = await moto(call);
      if (answer.status === 500 && answer.body.includes("No instances found")) {
        return invalid(call, "No Container Instances were found in your cluster.");
      }
      if (answer.status !== 200) return answer;
      const value = JSON.parse(answer.body);
      for (const task of value.tasks) this.#overlay(task);
      const missing = count - value.tasks.length;
      value.failures = Array.from({ length: missing }, () => ({ reason: "RESOURCE:MEMORY" }));
      return jsonAnswer(value);
    });
  }

  async #describeTasks(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const { tasks = [] } = call.input as { tasks?: string[] };
    if (tasks.length > PAGE) return invalid(call, "Tasks cannot exceed 100 items");
    const answer = await moto(call);
    if (answer.status !== 200) return answer;
    const value = JSON.parse(answer.body);
    for (const task of value.tasks) this.#overlay(task);
    const found = new Set(
      value.tasks.flatMap(({ taskArn }: Answered) => [taskArn, taskArn.split("/").at(-1)]),
    );
    value.failures = tasks.filter((task) => !found.has(task)).map((arn) => ({ arn, reason: "MISSING" }));
    return jsonAnswer(value);
  }

  async #listTasks(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const { cluster = "default", desiredStatus = "RUNNING" } = call.input as Record<string, string>;
    const answer = await moto(withInput(call, { desiredStatus }));
    if (answer.status !== 200) return answer;
    // moto's filter by cluster takes a name for every name that it begins.
    const own = `:task/${cluster.split("/").at(-1)}/`;
    const arns = (JSON.parse(answer.body).taskArns as string[]).filter((arn) => arn.includes(own));
    const { maxResults = PAGE, nextToken = 0 } = call.input as Answered;
    const from = Number(nextToken);
    const to = from + Math.min(Number(maxResults), PAGE);
    return jsonAnswer({
      taskArns: arns.slice(from, to),
      ...to < arns.length ? { nextToken: String(to) } : {},
    });
  }

  async #stopTask(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const answer = await moto(call);
    if (answer.status === 500) return invalid(call, "The referenced task was not found.");
    if (answer.status !== 200) return answer;
    const value = JSON.parse(answer.body);
    this.#overlay(value.task);
    return jsonAnswer(value);
  }

  async #describeClusters(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const answer = await moto(call);
    if (answer.status !== 200) return answer;
    const value = JSON.parse(answer.body);
    for (const cluster of value.clusters) {
      const live = this.#agent.live(cluster.clusterArn);
      cluster.runningTasksCount = live.filter(({ lastStatus }) => lastStatus !== "PENDING").length;
      cluster.pendingTasksCount = live.length - cluster.runningTasksCount;
      cluster.registeredContainerInstancesCount = await instanceCount(call, cluster.clusterArn, moto);
    }
    return jsonAnswer(value);
  }

  async #deleteCluster(call: AwsCall, moto: Next): Promise<AwsAnswer> {
    const name = String(call.input.cluster).split("/").at(-1)!;
    const held = JSON.parse((await moto(sibling(call, "DescribeClusters", { clusters: [name] }))).body);
    const arn = held.clusters?.[0]?.clusterArn;
    if (arn !== undefined) {
      if (await instanceCount(call, arn, moto) > 0) {
        const message = "The Cluster cannot be deleted while Container Instances are active or draining.";
        return errorAnswer(call, {
          code: "ClusterContainsContainerInstancesException",
          message,
          status: 400,
        });
      }
      if (this.#agent.live(arn).length > 0) {
        const message = "The Cluster cannot be deleted while Tasks are active.";
        return errorAnswer(call, { code: "ClusterContainsTasksException", message, status: 400 });
      }
    }
    return await moto(call);
  }

  #overlay(task: Answered): void {
    const state: TaskState | undefined = this.#agent.tasks.get(task.taskArn);
    delete task.stopCode;
    for (const container of task.containers) delete container.exitCode;
    if (!state) {
      if (task.desiredStatus !== "STOPPED") task.lastStatus = "PROVISIONING";
      return;
    }
    const { lastStatus, createdAt, startedAt, stoppedAt, stopCode, stoppedReason } = state;
    Object.assign(task, { lastStatus, createdAt });
    if (startedAt !== undefined) task.startedAt = startedAt;
    if (lastStatus === "STOPPED") {
      Object.assign(task, { stoppedAt, stopCode, stoppedReason, desiredStatus: "STOPPED" });
    }
    for (const container of task.containers) {
      container.lastStatus = lastStatus === "STOPPING" ? "RUNNING" : lastStatus;
      if (state.exitCode !== undefined) container.exitCode = state.exitCode;
      if (state.containerReason !== undefined) container.reason = state.containerReason;
      container.runtimeId = `${task.taskArn.split("/").at(-1)}-1`;
    }
  }
}

async function instanceCount(call: AwsCall, cluster: string, moto: Next): Promise<number> {
  const answer = await moto(sibling(call, "ListContainerInstances", { cluster }));
  return answer.status === 200 ? JSON.parse(answer.body).containerInstanceArns.length : 0;
}

function sibling(call: AwsCall, action: string, input: Record<string, unknown>): AwsCall {
  const target = call.headers["x-amz-target"]!.replace(/[^.]+$/, action);
  return { ...call, action, input, headers: { ...call.headers, "x-amz-target": target } };
}

function invalid(call: AwsCall, message: string): AwsAnswer {
  return errorAnswer(call, { code: "InvalidParameterException", message, status: 400 });
}
