/**
 * A driver's fleet whose manager is a test.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
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
} from "../../core/driver.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import { packValue, unpackValue } from "../../core/pack_value.ts";
import { userFunctionSpec } from "../../core/user_function_spec.ts";
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
  readonly #channel: ChannelHost | undefined;
  #heard = Promise.withResolvers<void>();

  private constructor(
    fleet: Fleet,
    attached: MessageQueue<HeldWorker>,
    run: { ended: AbortController; channel: ChannelHost | undefined },
  ) {
    this.fleet = fleet;
    this.#attached = attached;
    this.#ended = run.ended;
    this.#channel = run.channel;
    this.newsEnded = this.#listen();
  }

  static spec(workers: number, extraParams: Readonly<Record<string, unknown>>): FleetSpec {
    return {
      workers,
      program: MAP_PROGRAM,
      jobName: "contract",
      extraParams,
      singleBlockComputeWorkers: false,
      haveSharedTemp: true,
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
    const context: DriverContext = {
      ...{ runId, signal: ended.signal, notice, attach },
      openChannel: async (reach) =>
        channel ??= await ChannelHost.open({ ...{ runId, reach, attach, notice }, style: {} }),
    };
    const spec = HeldFleet.spec(options.workers, options.extraParams);
    const fleet = await driver.start(spec, context);
    return new HeldFleet(fleet, attached, { ended, channel });
  }

  /** The next worker that connects. */
  async next(): Promise<HeldWorker> {
    return (await this.#attached.receive())!;
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
      await this.#heard.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.fleet.stop({ finished: false });
    await this.#channel?.close("the test is over");
    await this.newsEnded;
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
