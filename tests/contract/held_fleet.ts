/**
 * A driver's fleet whose manager is a test.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { ChannelHost } from "../../core/channel/channel_host.ts";
import type {
  Driver,
  DriverContext,
  Fleet,
  FleetEvent,
  FleetSpec,
  FromWorker,
  LinkEnd,
  WorkerHello,
  WorkerLink,
  WorkerStatus,
} from "../../core/driver.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import { packValue, unpackValue } from "../../core/pack_value.ts";
import { userFunctionSpec } from "../../core/user_function_spec.ts";
import { FileRegister } from "../../core/register/file_register.ts";
import type { ThingRecord } from "../../core/driver.ts";
import { MAP_PROCESSOR, type MapJob } from "../../core/worker/map_processor.ts";
import { MAP_PROGRAM } from "../../core/worker/map_thread.ts";

/** A worker whose manager is the test. */
export interface HeldWorker {
  readonly worker: number;
  readonly hello: WorkerHello;
  readonly link: WorkerLink;
  readonly ended: Promise<LinkEnd>;
  /** The worker's next message; undefined once its link has ended. */
  receive(): Promise<FromWorker | undefined>;
  /** Tells the worker the job and waits until it is ready. */
  init(): Promise<void>;
  /** Has one block computed. */
  compute(n: number): Promise<unknown>;
}

/** A fleet whose manager is the test. */
export class HeldFleet implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly newsEnded: Promise<void>;
  readonly #attached: MessageQueue<HeldWorker>;
  readonly #news: FleetEvent[] = [];
  readonly #ended: AbortController;
  readonly #patienceMs: number;
  readonly #close: () => Promise<readonly ThingRecord[]>;
  #heard = Promise.withResolvers<void>();

  private constructor(
    fleet: Fleet,
    attached: MessageQueue<HeldWorker>,
    run: { ended: AbortController; close: () => Promise<readonly ThingRecord[]>; patienceMs: number },
  ) {
    this.fleet = fleet;
    this.#attached = attached;
    this.#ended = run.ended;
    this.#close = run.close;
    this.#patienceMs = run.patienceMs;
    this.newsEnded = this.#listen();
  }

  static spec(
    workers: number,
    options: {
      extraParams: Readonly<Record<string, unknown>>;
      maxWorkers?: number | undefined;
      sharedTemp?: boolean | undefined;
    },
  ): FleetSpec {
    const { extraParams, maxWorkers = workers, sharedTemp = true } = options;
    return {
      workers,
      maxWorkers,
      program: MAP_PROGRAM,
      jobName: "contract",
      extraParams,
      singleBlockComputeWorkers: false,
      haveSharedTemp: sharedTemp,
      threadsPerWorker: 1,
      access: { read: [], net: [], everything: false, flags: [] },
    };
  }

  static async start(
    driver: Driver,
    options: {
      workers: number;
      userFunction: (n: number) => unknown;
      extraParams: Readonly<Record<string, unknown>>;
      /** Most workers that may be asked for later; default `workers`. */
      maxWorkers?: number | undefined;
      /** Seconds that a worker may take to connect; default 1. */
      startSeconds?: number | undefined;
      /** Whether workers see the temporary files; default true. */
      sharedTemp?: boolean | undefined;
      /** The SHA-256 of the only code that workers may run; default any. */
      codeHash?: string;
    },
  ): Promise<HeldFleet> {
    const userFunction = await userFunctionSpec(options.userFunction);
    const job: MapJob = { userFunction, hasOtherArgs: false, argsABlock: false, otherArgs: undefined };
    const attached = new MessageQueue<HeldWorker>();
    const ended = new AbortController();
    let channel: ChannelHost | undefined;
    const attach: DriverContext["attach"] = (worker, hello, link) =>
      attached.push(holdWorker(job, { worker, hello, link }));
    const notice = () => {};
    const runId = crypto.randomUUID();
    const folder = await Deno.makeTempDir({ prefix: "blockfleet_contract_" });
    let register: Promise<FileRegister> | undefined;
    const context: DriverContext = {
      ...{ runId, signal: ended.signal, notice, attach },
      register: () =>
        register ??= FileRegister.open({
          ...{ runId, kind: driver.kind, driverModule: undefined, jobName: "contract", notice },
          folder: { path: join(folder, "runs"), within: folder },
        }),
      openChannel: async (reach) =>
        channel ??= await ChannelHost.open({
          ...{ runId, reach, attach, notice },
          style: {},
          codeHash: options.codeHash,
        }),
    };
    const spec = HeldFleet.spec(options.workers, options);
    const close = async () => {
      await channel?.close("the test is over");
      const left = await (await register)?.close() ?? [];
      await Deno.remove(folder, { recursive: true });
      return left;
    };
    try {
      const fleet = await driver.start(spec, context);
      const patienceMs = 1000 * (30 + 5 * (options.startSeconds ?? 1));
      return new HeldFleet(fleet, attached, { ended, close, patienceMs });
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** The next worker that connects. */
  async next(): Promise<HeldWorker> {
    const worker = await this.#within(this.#attached.receive(), "a worker to connect");
    if (!worker) throw new Error("no worker connects any more");
    return worker;
  }

  /** Waits until a worker's status is as wanted. */
  async status(worker: number, state: WorkerStatus["state"]): Promise<WorkerStatus> {
    const deadlineMs = performance.now() + this.#patienceMs;
    while (true) {
      const status = this.fleet.workers().find((status) => status.worker === worker);
      if (status?.state === state) return status;
      const hint = state === "running" ? ": it has connected, which channel.admit is told" : "";
      assert(
        performance.now() < deadlineMs,
        `workers() says that worker ${worker} is ${status?.state}, not ${state}${hint}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As many workers as that, as they connect. */
  async all(count: number): Promise<HeldWorker[]> {
    const workers: HeldWorker[] = [];
    while (workers.length < count) workers.push(await this.next());
    return workers;
  }

  /** The first news of that sort, waited for if need be. */
  async news(wanted: (event: FleetEvent) => boolean): Promise<FleetEvent> {
    while (true) {
      const found = this.#news.find(wanted);
      if (found) return found;
      await this.#within(this.#heard.promise, "news");
    }
  }

  async #within<T>(awaited: Promise<T>, what: string): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const ms = this.#patienceMs;
    const patience = setTimeout(() => reject(new Error(`${what} did not come within ${ms / 1000} s`)), ms);
    try {
      return await Promise.race([awaited, promise]);
    } finally {
      clearTimeout(patience);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.fleet.stop({ finished: false });
    const left = await this.#close();
    await this.newsEnded;
    assertEquals(left, [], "a fleet that has been stopped leaves nothing in the register");
  }

  async #listen(): Promise<void> {
    for await (const event of this.fleet.events) {
      this.#news.push(event);
      this.#heard.resolve();
      this.#heard = Promise.withResolvers();
    }
  }
}

function holdWorker(
  job: MapJob,
  { worker, hello, link }: { worker: number; hello: WorkerHello; link: WorkerLink },
): HeldWorker {
  const messages = new MessageQueue<FromWorker>();
  const { promise, resolve } = Promise.withResolvers<LinkEnd>();
  link.listen({
    message: (message) => messages.push(message),
    ended(end) {
      messages.close();
      resolve(end);
    },
  });
  let blocks = 0;
  return {
    worker,
    hello,
    link,
    ended: promise,
    receive: () => messages.receive(),
    async init() {
      const init = { worker, session: 1, processor: MAP_PROCESSOR, job: { header: job, parts: [] } };
      link.send({ type: "init", init });
      assertEquals((await messages.receive())?.type, "ready");
    },
    async compute(n) {
      const block = blocks++;
      link.send({ type: "assign", items: [{ block, attempt: 1, input: packValue(n, "n") }] });
      const answer = await messages.receive();
      if (answer?.type !== "results") throw new TypeError(`"results" was expected, not "${answer?.type}"`);
      const [result] = answer.items;
      assertEquals([result?.block, result?.attempt], [block, 1]);
      return unpackValue(result!.payload);
    },
  };
}
