/**
 * AWS by its SDK, loaded when a service is first called.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import type { AwsAction, AwsInput, AwsOutput, AwsSend, AwsService } from "./api.ts";
import { findUnknownKey } from "./unknown_key.ts";

/** A client of one service, or what behaves like one: what {@linkcode SdkSend} needs of it. */
export interface SdkClient {
  /** What the client was made with, as far as it matters here. */
  readonly config: { region(): Promise<string> };
  /** Sends a command. */
  send(command: object, options: { abortSignal: AbortSignal }): Promise<unknown>;
  /** Ends its connections. */
  destroy(): void;
}

/** How to make calls. */
export interface SdkSendOptions {
  /** The region. Default: the SDK's, else AWS_DEFAULT_REGION, which the SDK for JavaScript does not read. */
  readonly region?: string | undefined;
  /** Clients of your own for some services, such as one with a role of its own; they are not destroyed. */
  readonly clients?: Readonly<Partial<Record<AwsService, SdkClient>>>;
}

/** A service's module: its client, and its commands by name. */
type SdkModule = Readonly<Record<string, unknown>>;

interface ServiceSource {
  /** Its package, and the client's class there. */
  readonly name: string;
  readonly client: string;
  load(): Promise<SdkModule>;
}

const SERVICES: Readonly<Record<AwsService, ServiceSource>> = {
  ecs: { name: "@aws-sdk/client-ecs", client: "ECSClient", load: () => import("@aws-sdk/client-ecs") },
  ec2: { name: "@aws-sdk/client-ec2", client: "EC2Client", load: () => import("@aws-sdk/client-ec2") },
  batch: {
    name: "@aws-sdk/client-batch",
    client: "BatchClient",
    load: () => import("@aws-sdk/client-batch"),
  },
  cloudformation: {
    name: "@aws-sdk/client-cloudformation",
    client: "CloudFormationClient",
    load: () => import("@aws-sdk/client-cloudformation"),
  },
  logs: {
    name: "@aws-sdk/client-cloudwatch-logs",
    client: "CloudWatchLogsClient",
    load: () => import("@aws-sdk/client-cloudwatch-logs"),
  },
};

const CONNECT_MS = 10_000;
/** Where the schema of an operation has its input's. */
const INPUT = 4;

interface LoadedService {
  readonly module: SdkModule;
  readonly client: SdkClient;
}

/** Sends calls through the SDK, with its own rules for credentials, region and endpoint (AWS_ENDPOINT_URL). */
export class SdkSend implements AwsSend {
  readonly #options: SdkSendOptions;
  readonly #services = new Map<AwsService, Promise<LoadedService>>();

  /** Loads nothing yet. */
  constructor(options: SdkSendOptions = {}) {
    this.#options = options;
  }

  async send<Action extends AwsAction>(
    action: Action,
    input: AwsInput<Action>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<AwsOutput<Action>> {
    const [service, operation] = action.split(":") as [AwsService, string];
    const { module, client } = await this.#service(service);
    const Command = module[`${operation}Command`] as new (input: AwsInput<Action>) => object;
    return await client.send(new Command(input), { abortSignal: signal }) as AwsOutput<Action>;
  }

  async check(action: AwsAction, input: object, what: string): Promise<void> {
    const [service, operation] = action.split(":") as [AwsService, string];
    const { module } = await this.#service(service);
    const Command = module[`${operation}Command`] as new (
      input: object,
    ) => { readonly schema?: readonly unknown[] };
    const unknown = findUnknownKey(new Command(input).schema?.[INPUT], input);
    if (!unknown) return;
    const name = unknown.path.split(".").at(-1)!;
    const same = unknown.known.find((one) => one.toLowerCase() === name.toLowerCase());
    const hint = same ? `did you mean '${same}'?` : `there are ${unknown.known.join(", ")}`;
    throw new ConfigError(`${what} has no '${unknown.path}': ${hint}`);
  }

  async region(service: AwsService): Promise<string> {
    const { client } = await this.#service(service);
    return await client.config.region();
  }

  destroy(): void {
    for (const [name, service] of this.#services) {
      if (!this.#options.clients?.[name]) service.then(({ client }) => client.destroy(), () => {});
    }
    this.#services.clear();
  }

  #service(name: AwsService): Promise<LoadedService> {
    let service = this.#services.get(name);
    if (!service) this.#services.set(name, service = this.#load(name));
    return service;
  }

  async #load(service: AwsService): Promise<LoadedService> {
    const { name, client: className, load } = SERVICES[service];
    let module: SdkModule;
    try {
      module = await load();
    } catch (error) {
      throw new ConfigError(
        `The AWS SDK (${name}) can't be loaded: run once with network, or without --cached-only`,
        { cause: error },
      );
    }
    const given = this.#options.clients?.[service];
    if (given) return { module, client: given };
    const Client = module[className] as new (config: object) => SdkClient;
    const region = this.#options.region ?? fallbackRegion();
    const client = new Client({
      // Whether a call may be made again depends on what it does; that is decided above.
      maxAttempts: 1,
      requestHandler: { connectionTimeout: CONNECT_MS },
      ...region === undefined ? {} : { region },
    });
    return { module, client };
  }
}

function fallbackRegion(): string | undefined {
  return Deno.env.get("AWS_REGION") ? undefined : Deno.env.get("AWS_DEFAULT_REGION") || undefined;
}
