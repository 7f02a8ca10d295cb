/**
 * The EC2 instances that moto holds: boots each by its user data, lets the ECS agent in it join its cluster, and ends what
 * ran on it when it is terminated or powers itself off.
 *
 * @module
 */
import { join } from "@std/path";
import { type MotoClient, xmlTexts } from "../moto_client.ts";
import type { EcsAgent } from "./ecs_agent.ts";
import { movedInto, writeShims } from "./shims.ts";

/** An instance. */
interface Instance {
  readonly id: string;
  readonly folder: string;
  readonly script: Deno.ChildProcess;
  readonly ended: Promise<unknown>;
  cluster?: string;
  containerInstanceArn?: string;
  isOver: boolean;
}

/** How instances are run. */
export interface InstanceOptions {
  /** A folder for theirs. */
  readonly folder: string;
  /** Where the account serves their ECS agent's introspection, followed by `/` and the instance's id. */
  readonly introspectionUrl: string;
  /** How many times faster time goes for user data. */
  readonly timeScale: number;
}

/** Runs instances. */
export class InstanceAgent {
  readonly #moto: MotoClient;
  readonly #tasks: EcsAgent;
  readonly #options: InstanceOptions;
  readonly #instances = new Map<string, Instance>();

  constructor(moto: MotoClient, tasks: EcsAgent, options: InstanceOptions) {
    this.#moto = moto;
    this.#tasks = tasks;
    this.#options = options;
  }

  /** Looks into moto once. */
  async look(): Promise<void> {
    const running = await this.#running();
    for (const id of running) if (!this.#instances.has(id)) await this.#boot(id);
    for (const instance of this.#instances.values()) {
      if (instance.isOver) continue;
      if (!running.has(instance.id)) await this.#over(instance);
      else if (await exists(join(instance.folder, "off"))) await this.#powerOff(instance);
      else if (instance.cluster === undefined) await this.#join(instance);
    }
  }

  /** What the introspection of an instance's ECS agent says of its tasks (`/v1/tasks`). */
  introspection(id: string): Record<string, unknown> | undefined {
    const instance = this.#instances.get(id);
    if (!instance) return undefined;
    const tasks = [...this.#tasks.tasks.values()].filter(({ containerInstanceArn }) =>
      containerInstanceArn !== undefined && containerInstanceArn === instance.containerInstanceArn
    );
    return {
      Tasks: tasks.map(({ taskArn, definition, lastStatus }) => {
        const [Family, Version] = definition.split("/").at(-1)!.split(":");
        const DesiredStatus = lastStatus === "STOPPING" || lastStatus === "STOPPED" ? "STOPPED" : "RUNNING";
        return { Arn: taskArn, DesiredStatus, KnownStatus: lastStatus, Family, Version };
      }),
    };
  }

  /** Ends whatever user data left running. */
  async close(): Promise<void> {
    for (const instance of this.#instances.values()) {
      killGroup(instance.script.pid);
      await instance.ended;
    }
  }

  async #running(): Promise<Set<string>> {
    const filter = { "Filter.1.Name": "instance-state-name", "Filter.1.Value.1": "running" };
    return new Set(xmlTexts(await this.#moto.query("ec2", "DescribeInstances", filter), "instanceId"));
  }

  async #boot(id: string): Promise<void> {
    const folder = join(this.#options.folder, id);
    await Deno.mkdir(join(folder, "root", "etc", "ecs"), { recursive: true });
    const introspectionUrl = `${this.#options.introspectionUrl}/${id}`;
    await writeShims(folder, { introspectionUrl, timeScale: this.#options.timeScale });
    const userData = atob(await this.#attribute(id, "userData"));
    const path = join(folder, "user_data");
    await Deno.writeTextFile(path, movedInto(folder, userData));
    const script = new Deno.Command("setsid", {
      args: ["bash", path],
      cwd: folder,
      clearEnv: true,
      env: { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#instances.set(id, { id, folder, script, ended: script.status, isOver: false });
  }

  /** The ECS agent of an instance joins the cluster that its configuration names, once user data has written that. */
  async #join(instance: Instance): Promise<void> {
    const config = await Deno.readTextFile(join(instance.folder, "root", "etc", "ecs", "ecs.config"))
      .catch((error) => {
        if (error instanceof Deno.errors.NotFound) return "";
        throw error;
      });
    const cluster = /^ECS_CLUSTER=["']?([^"'\n]+)/m.exec(config)?.[1];
    if (cluster === undefined) return;
    instance.cluster = cluster;
    try {
      const { containerInstance } = await this.#moto.ecs("RegisterContainerInstance", {
        cluster,
        instanceIdentityDocument: JSON.stringify({ instanceId: instance.id }),
      });
      instance.containerInstanceArn = containerInstance.containerInstanceArn;
    } catch {
      // The cluster is not there (yet): an agent tries for ever.
      delete instance.cluster;
    }
  }

  async #powerOff(instance: Instance): Promise<void> {
    const behaviour = await this.#attribute(instance.id, "instanceInitiatedShutdownBehavior");
    const action = behaviour === "terminate" ? "TerminateInstances" : "StopInstances";
    await this.#moto.query("ec2", action, { "InstanceId.1": instance.id });
    await this.#over(instance);
  }

  async #over(instance: Instance): Promise<void> {
    instance.isOver = true;
    killGroup(instance.script.pid);
    const { containerInstanceArn: arn, cluster, id } = instance;
    if (arn === undefined) return;
    this.#tasks.hostGone(arn, id);
    const { containerInstanceArns } = await this.#moto.ecs("ListContainerInstances", { cluster });
    if (!containerInstanceArns.includes(arn)) return;
    await this.#moto.ecs("DeregisterContainerInstance", { cluster, containerInstance: arn, force: true });
  }

  async #attribute(id: string, attribute: string): Promise<string> {
    const input = { InstanceId: id, Attribute: attribute };
    return xmlTexts(await this.#moto.query("ec2", "DescribeInstanceAttribute", input), "value")[0] ?? "";
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    // All of it has ended.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
