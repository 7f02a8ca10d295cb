/**
 * Runs the tasks that moto holds. It reads what to run, and whether to stop it, from moto alone; how a task fares it
 * keeps itself, since moto has no way of being told.
 *
 * @module
 */
import type { MotoClient } from "../moto_client.ts";
import { Container, environmentOf, type Image } from "./container.ts";
import { type LogConfiguration, LogStream } from "./log_stream.ts";

/** How a task fares. */
export interface TaskState {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly containerInstanceArn: string | undefined;
  readonly createdAt: number;
  readonly definition: string;
  lastStatus: "PROVISIONING" | "PENDING" | "RUNNING" | "STOPPING" | "STOPPED";
  startedAt?: number;
  stoppedAt?: number;
  stopCode?: string;
  stoppedReason?: string;
  exitCode?: number;
  containerReason?: string;
  containerName: string;
  container?: Container;
  stopWith?: { stopCode: string; stoppedReason: string; containerReason?: string };
}

/** What the agent goes by. */
export interface AgentOptions {
  /** The images that there are. */
  readonly images: Readonly<Record<string, Image>>;
  /** Where containers run. */
  readonly folder: string;
  /** Where containers find their metadata. */
  readonly metadataUrl: string;
}

/** ECS's default, seconds. */
const STOP_TIMEOUT_S = 30;

/** Runs tasks. */
export class EcsAgent {
  /** Every task that it has seen, by ARN. */
  readonly tasks = new Map<string, TaskState>();
  readonly #moto: MotoClient;
  readonly #options: AgentOptions;
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  constructor(moto: MotoClient, options: AgentOptions) {
    this.#moto = moto;
    this.#options = options;
  }

  /** Looks into moto once. */
  async look(): Promise<void> {
    const { clusterArns } = await this.#moto.ecs("ListClusters");
    for (const cluster of clusterArns) await this.#lookInto(cluster);
  }

  /** The tasks of a cluster that have not ended. */
  live(clusterArn: string): TaskState[] {
    return [...this.tasks.values()].filter((task) =>
      task.clusterArn === clusterArn && task.lastStatus !== "STOPPED"
    );
  }

  /** Ends a task as Fargate Spot does when it wants its capacity back. */
  interruptSpot(taskArn: string): void {
    this.#stop(this.tasks.get(taskArn)!, {
      stopCode: "SpotInterruption",
      stoppedReason: "Your Spot Task was interrupted.",
    });
  }

  /** Ends a task as the kernel does with one that needs too much memory. */
  killForMemory(taskArn: string): void {
    const task = this.tasks.get(taskArn)!;
    task.stopWith ??= {
      stopCode: "EssentialContainerExited",
      stoppedReason: "Essential container in task exited",
      containerReason: "OutOfMemoryError: Container killed due to memory usage",
    };
    task.container?.kill();
  }

  /** The instance that these tasks run on is gone, and they with it. */
  hostGone(containerInstanceArn: string, instanceId: string): void {
    for (const task of this.tasks.values()) {
      if (task.containerInstanceArn !== containerInstanceArn || task.lastStatus === "STOPPED") continue;
      task.stopWith ??= {
        stopCode: "TerminationNotice",
        stoppedReason: `Host EC2 (instance ${instanceId}) terminated.`,
      };
      task.container?.kill();
    }
  }

  /** What a task's metadata endpoint says (task metadata version 4). */
  metadata(id: string): Record<string, unknown> | undefined {
    const task = [...this.tasks.values()].find(({ taskArn }) => taskArn.endsWith(`/${id}`));
    if (!task) return undefined;
    const [family, revision] = task.definition.split("/").at(-1)!.split(":");
    return {
      Cluster: task.clusterArn,
      TaskARN: task.taskArn,
      Family: family,
      Revision: revision,
      DesiredStatus: "RUNNING",
      KnownStatus: task.lastStatus,
    };
  }

  /** Kills what still runs. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { container } of this.tasks.values()) container?.kill();
    await Promise.all(this.#running);
  }

  async #lookInto(cluster: string): Promise<void> {
    const { taskArns } = await this.#moto.ecs("ListTasks", { cluster });
    // moto's filter by cluster takes a name for every name that it begins.
    const wanted = (taskArns as string[]).filter((arn) =>
      arn.includes(`:task/${cluster.split("/").at(-1)}/`) && this.tasks.get(arn)?.lastStatus !== "STOPPED"
    );
    if (wanted.length === 0) return;
    const { tasks } = await this.#moto.ecs("DescribeTasks", { cluster, tasks: wanted });
    for (const held of tasks) {
      if (!wanted.includes(held.taskArn)) continue;
      const known = this.tasks.get(held.taskArn);
      if (!known) await this.#begin(held);
      else if (held.desiredStatus === "STOPPED") {
        this.#stop(known, { stopCode: "UserInitiated", stoppedReason: held.stoppedReason ?? "" });
      }
    }
  }

  // deno-lint-ignore no-explicit-any -- a task as moto gives it
  async #begin(held: any): Promise<void> {
    // One that was stopped before it was seen may have outlived its definition, which moto forgets at once.
    const isOver = held.desiredStatus === "STOPPED";
    const { taskDefinition } = isOver
      ? { taskDefinition: { containerDefinitions: [{ name: held.containers?.[0]?.name ?? "" }] } }
      : await this.#moto.ecs("DescribeTaskDefinition", { taskDefinition: held.taskDefinitionArn });
    const [definition] = taskDefinition.containerDefinitions;
    const task: TaskState = {
      taskArn: held.taskArn,
      clusterArn: held.clusterArn,
      containerInstanceArn: held.containerInstanceArn,
      createdAt: Date.now() / 1000,
      definition: held.taskDefinitionArn,
      lastStatus: "PENDING",
      containerName: definition.name,
    };
    this.tasks.set(held.taskArn, task);
    if (isOver) return this.#stop(task, { stopCode: "UserInitiated", stoppedReason: held.stoppedReason });
    // deno-lint-ignore no-explicit-any -- as the caller gave it
    const override = held.overrides?.containerOverrides?.find((one: any) => one.name === definition.name) ??
      {};
    const image = this.#options.images[definition.image];
    if (!image) {
      return await this.#ended(task, {
        stopCode: "TaskFailedToStart",
        stoppedReason: `CannotPullContainerError: image '${definition.image}' not found`,
      });
    }
    const id = held.taskArn.split("/").at(-1);
    const log = await this.#openLog(definition, id);
    if (log === "no group") {
      return await this.#ended(task, {
        stopCode: "TaskFailedToStart",
        stoppedReason:
          "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: " +
          "failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
      });
    }
    task.container = new Container({
      image,
      entryPoint: definition.entryPoint?.length ? definition.entryPoint : undefined,
      command: override.command ?? definition.command,
      environment: {
        ...environmentOf(definition.environment),
        ...environmentOf(override.environment),
        ECS_CONTAINER_METADATA_URI_V4: `${this.#options.metadataUrl}/v4/${id}`,
        AWS_EXECUTION_ENV: held.containerInstanceArn ? "AWS_ECS_EC2" : "AWS_ECS_FARGATE",
      },
      stopTimeoutMs: 1000 * (definition.stopTimeout ?? STOP_TIMEOUT_S),
      folder: this.#options.folder,
      log,
    });
    task.lastStatus = "RUNNING";
    task.startedAt = Date.now() / 1000;
    const running = this.#run(task).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Fargate's name for a stream has prefix, container and task. */
  async #openLog(
    { name, logConfiguration }: { name: string; logConfiguration?: LogConfiguration },
    id: string,
  ): Promise<LogStream | "no group" | undefined> {
    if (logConfiguration?.logDriver !== "awslogs") return undefined;
    const { "awslogs-group": group, "awslogs-stream-prefix": prefix } = logConfiguration.options!;
    return await LogStream.open(this.#moto, { group: group!, stream: `${prefix}/${name}/${id}` }) ??
      "no group";
  }

  async #run(task: TaskState): Promise<void> {
    task.exitCode = await task.container!.ended;
    const ownEnd = {
      stopCode: "EssentialContainerExited",
      stoppedReason: "Essential container in task exited",
    };
    await this.#ended(task, task.stopWith ?? ownEnd);
  }

  #stop(task: TaskState, stopWith: NonNullable<TaskState["stopWith"]>): void {
    if (task.stopWith || task.lastStatus === "STOPPED") return;
    task.stopWith = stopWith;
    task.lastStatus = "STOPPING";
    if (task.container) task.container.stop();
    else this.#markEnded(task, stopWith);
  }

  #markEnded(task: TaskState, end: NonNullable<TaskState["stopWith"]>): void {
    Object.assign(task, end, { lastStatus: "STOPPED", stoppedAt: Date.now() / 1000 });
  }

  async #ended(task: TaskState, end: NonNullable<TaskState["stopWith"]>): Promise<void> {
    this.#markEnded(task, end);
    // moto knows of what it was told itself, and nothing of an instance that is gone.
    if (this.#closed || /^(UserInitiated|TerminationNotice)$/.test(end.stopCode)) return;
    // So that moto knows of the end, and gives the instance's memory back.
    await this.#moto.ecs("StopTask", {
      cluster: task.clusterArn,
      task: task.taskArn,
      reason: end.stoppedReason,
    })
      .catch((error) => {
        if (!this.#closed) console.error("The test agent can't tell moto of a task's end:", error);
      });
  }
}
