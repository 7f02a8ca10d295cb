/**
 * An AWS account for tests: moto, an agent that runs what moto holds as local processes, and doors at which answers can be
 * spoilt. Nothing of it knows blockfleet.
 *
 * @module
 */
import { BatchAgent } from "./agent/batch_agent.ts";
import { BatchOverlay } from "./agent/batch_overlay.ts";
import type { Image } from "./agent/container.ts";
import { EcsAgent } from "./agent/ecs_agent.ts";
import { EcsOverlay } from "./agent/ecs_overlay.ts";
import { InstanceAgent } from "./agent/instances.ts";
import { Tokens } from "./agent/tokens.ts";
import { type AwsAnswer, type AwsCall, jsonAnswer } from "./aws_call.ts";
import { AwsProxy } from "./aws_proxy.ts";
import { MotoClient } from "./moto_client.ts";
import { MotoServer, REGION } from "./moto_server.ts";

/** What an account has. */
export interface TestAccountOptions {
  /** The images that tasks and jobs may name. */
  readonly images: Readonly<Record<string, Image>>;
  /** How many times faster time goes for an instance's user data. Default 1. */
  readonly timeScale?: number;
}

const LOOK_MS = 100;

/** What is behind a door. */
interface Inside {
  answer(call: AwsCall): Promise<AwsAnswer>;
  plain(path: string): AwsAnswer | undefined;
}

/** An account. Dispose of it, and nothing is left of it. */
export class TestAccount implements AsyncDisposable {
  /** Its front door. */
  readonly door: AwsProxy;
  /** What moto itself holds. */
  readonly moto: MotoClient;
  /** Its tasks. */
  readonly ecs: EcsAgent;
  /** Its jobs. */
  readonly batch: BatchAgent;
  readonly #server: MotoServer;
  readonly #instances: InstanceAgent;
  readonly #answer: (call: AwsCall) => Promise<AwsAnswer>;
  readonly #folder: string;
  #closed = false;
  #looking: Promise<void>;

  private constructor(
    parts: {
      server: MotoServer;
      moto: MotoClient;
      door: AwsProxy;
      folder: string;
      answer: (call: AwsCall) => Promise<AwsAnswer>;
      agents: { ecs: EcsAgent; batch: BatchAgent; instances: InstanceAgent };
    },
  ) {
    this.#server = parts.server;
    this.moto = parts.moto;
    this.door = parts.door;
    this.#folder = parts.folder;
    this.#answer = parts.answer;
    this.ecs = parts.agents.ecs;
    this.batch = parts.agents.batch;
    this.#instances = parts.agents.instances;
    this.#looking = this.#look();
  }

  /** Opens an account. */
  static async open({ images, timeScale = 1 }: TestAccountOptions): Promise<TestAccount> {
    const folder = await Deno.makeTempDir({ prefix: "blockfleet_aws_" });
    const server = await MotoServer.start();
    const moto = new MotoClient(server);
    // What is behind the door needs its address, and is only asked once it is open.
    const inside: Partial<Inside> = {};
    const door = await AwsProxy.open((call) => inside.answer!(call), (path) => inside.plain!(path));
    const options = { images, folder, metadataUrl: door.endpoint };
    const [ecs, batch] = [new EcsAgent(moto, options), new BatchAgent(moto, options)];
    const introspectionUrl = `${door.endpoint}/introspection`;
    const instances = new InstanceAgent(moto, ecs, { folder, introspectionUrl, timeScale });
    const [overEcs, overBatch, tokens] = [new EcsOverlay(ecs), new BatchOverlay(batch), new Tokens()];
    const send = (call: AwsCall) => server.send(call);
    const answer = async (call: AwsCall): Promise<AwsAnswer> => {
      if (call.service === "ecs") return await overEcs.answer(call, send);
      if (call.service === "batch") return await overBatch.answer(call, send);
      if (call.action !== "RunInstances") return await send(call);
      return await tokens.once(call.input.ClientToken as string | undefined, call, () => send(call));
    };
    inside.plain = (path) => {
      const [, kind, id, ...rest] = path.split("/");
      const value = kind === "v4" && rest[0] === "task"
        ? ecs.metadata(id!)
        : kind === "introspection"
        ? instances.introspection(id!)
        : undefined;
      if (value !== undefined) return jsonAnswer(value);
      return kind === "v4" || kind === "introspection" ? { status: 404, headers: {}, body: "" } : undefined;
    };
    inside.answer = answer;
    return new TestAccount({ server, moto, door, folder, answer, agents: { ecs, batch, instances } });
  }

  /** The AWS endpoint of its front door. */
  get endpoint(): string {
    return this.door.endpoint;
  }

  /** Another door, whose middlewares are its own. */
  async openDoor(): Promise<AwsProxy> {
    return await AwsProxy.open(this.#answer);
  }

  /** What a program needs in its environment to use a door. */
  environment(door: AwsProxy = this.door): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: door.endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
      AWS_EC2_METADATA_DISABLED: "true",
    };
  }

  /** Makes this process use a door until it is disposed of. */
  enter(door: AwsProxy = this.door): Disposable {
    const before = Object.keys(this.environment()).map((name) => [name, Deno.env.get(name)] as const);
    for (const [name, value] of Object.entries(this.environment(door))) Deno.env.set(name, value);
    return {
      [Symbol.dispose]() {
        for (const [name, value] of before) {
          if (value === undefined) Deno.env.delete(name);
          else Deno.env.set(name, value);
        }
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#looking;
    await Promise.all([this.ecs.close(), this.batch.close(), this.#instances.close()]);
    await this.door[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #look(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.ecs.look();
        await this.batch.look();
        await this.#instances.look();
      } catch (error) {
        console.error("The test agent failed:", error);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
