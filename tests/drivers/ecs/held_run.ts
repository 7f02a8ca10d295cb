/**
 * A run on the fake AWS whose manager is a test.
 *
 * @module
 */
import type {
  DriverContext,
  Fleet,
  FleetEvent,
  FleetSpec,
  HostedChannel,
  RegisteredRun,
  ThingRecord,
  WorkerHello,
} from "../../../core/driver.ts";
import { makeDriver } from "../../../drivers/ecs/make_driver.ts";
import type { EcsTimes } from "../../../drivers/ecs/ecs_times.ts";
import { MAP_PROGRAM } from "../../../core/worker/map_thread.ts";
import type { FakeAws } from "./fake_aws.ts";

/** Times that suit an AWS in memory. */
export const FAST: EcsTimes = {
  absenceMs: 60,
  freshMs: 100,
  pollLeastMs: 5,
  pollMostMs: 10,
  retryLeastMs: 1,
  retryMostMs: 5,
  graceMs: 100,
  stopMs: 300,
  deleteMs: 200,
  roomMs: 30,
  logMs: 100,
  logWorkedMs: 100,
  logAgainMs: 5,
};

/** Extra parameters that make a cluster and a task definition. */
export const EXTRA_PARAMS = {
  create_cluster: { clusterName: "cluster" },
  register_task_definition: { family: "family", containerDefinitions: [{ name: "c", image: "i" }] },
  run_task: { launchType: "FARGATE" as const },
};

/** The register, in memory. */
export class MemoryRegister {
  readonly things: { -readonly [Key in keyof ThingRecord]: ThingRecord[Key] }[] = [];

  intend: Awaited<ReturnType<DriverContext["register"]>>["intend"] = (thing) => {
    const record = { ...thing, state: "intended" as ThingRecord["state"] };
    this.things.push(record);
    return Promise.resolve({
      made: (data) => {
        Object.assign(record, { state: "made", data: { ...record.data, ...data } });
        return Promise.resolve();
      },
      gone: () => this.#gone(record),
    });
  };

  /** The run as `cleanup` is given it. */
  run(runId: string): RegisteredRun {
    return {
      ...{ runId, kind: "CW_ECS", host: "h", pid: 1, startedAt: "", isAlive: false },
      things: this.things.map((thing) => ({ ...thing })),
      gone: (thing) =>
        this.#gone(this.things.find(({ type, key }) => type === thing.type && key === thing.key)!),
    };
  }

  #gone(record: ThingRecord): Promise<void> {
    this.things.splice(this.things.findIndex((thing) => thing === record), 1);
    return Promise.resolve();
  }
}

/** A run. */
export class HeldRun implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly register: MemoryRegister;
  readonly events: FleetEvent[] = [];
  readonly notices: string[];
  readonly closed: number[];
  /** What the news ended with. */
  readonly failure: Promise<unknown>;
  readonly #channel: HostedChannel;

  private constructor(
    parts: {
      fleet: Fleet;
      register: MemoryRegister;
      notices: string[];
      closed: number[];
      channel: HostedChannel;
    },
  ) {
    this.fleet = parts.fleet;
    this.register = parts.register;
    this.notices = parts.notices;
    this.closed = parts.closed;
    this.#channel = parts.channel;
    this.failure = this.#listen();
  }

  static async start(
    aws: FakeAws,
    {
      workers = 1,
      extraParams = EXTRA_PARAMS,
      register = new MemoryRegister(),
      signal,
      runId = "run-1",
      times,
    }: {
      workers?: number;
      times?: Partial<EcsTimes>;
      extraParams?: Record<string, unknown>;
      register?: MemoryRegister;
      signal?: AbortSignal;
      runId?: string;
    } = {},
  ): Promise<HeldRun> {
    const notices: string[] = [];
    const closed: number[] = [];
    const channel: HostedChannel = {
      hosts: ["10.0.0.1"],
      port: 30000,
      workerArguments: ["--channel", "blockfleet:1/run-1/10.0.0.1/30000/plain/any"],
      workerEnvironment: { BLOCKFLEET_KEY: "c2VjcmV0" },
      addressFile: () => Promise.reject(new TypeError("there is no shared folder")),
      admit: () => 0,
      workerGone: (worker) => closed.push(worker),
    };
    const fleet = await makeDriver({ send: (region) => aws.in(region), times: { ...FAST, ...times } }).start(
      fleetSpec(workers, extraParams),
      {
        runId,
        signal: signal ?? new AbortController().signal,
        notice: (line) => notices.push(line),
        register: () => Promise.resolve(register),
        openChannel: () => Promise.resolve(channel),
        attach: () => {},
      },
    );
    return new HeldRun({ fleet, register, notices, closed, channel });
  }

  /** A worker connects and says by which name. */
  connect(nativeId: string, host = "h"): number {
    const hello: WorkerHello = { nativeId, host, pid: 1 };
    return this.#channel.admit(undefined, hello);
  }

  /** Waits for something to become so. */
  async until<Value>(look: () => Value | undefined | false): Promise<Value> {
    const endMs = performance.now() + 60_000;
    while (performance.now() < endMs) {
      const value = look();
      if (value !== undefined && value !== false) return value;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new TypeError(`it did not come to be: ${look}`);
  }

  /** The first news of a sort. */
  async news<Type extends FleetEvent["type"]>(type: Type): Promise<Extract<FleetEvent, { type: Type }>> {
    return await this.until(() =>
      this.events.find((event): event is Extract<FleetEvent, { type: Type }> => event.type === type)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet.stop({ finished: false });
    await this.failure;
  }

  async #listen(): Promise<unknown> {
    try {
      for await (const event of this.fleet.events) this.events.push(event);
      return undefined;
    } catch (error) {
      return error;
    }
  }
}

/** What is wanted of the driver. */
export function fleetSpec(workers: number, extraParams: Record<string, unknown>): FleetSpec {
  return {
    workers,
    maxWorkers: workers,
    program: MAP_PROGRAM,
    jobName: "a job",
    extraParams,
    singleBlockComputeWorkers: false,
    haveSharedTemp: false,
    threadsPerWorker: 2,
    access: { read: [], net: [], everything: false, flags: [] },
  };
}
