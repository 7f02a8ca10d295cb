/**
 * The compute-worker manager: starts the workers of one kind, runs a job over them and stops them. It is what
 * `apply()` and `mapBlocks()` stand on.
 *
 * @module
 */
import type { BlockJob } from "./block_job.ts";
import type { CheckedConcurrency } from "./concurrency_style.ts";
import { Dispatcher } from "./dispatcher.ts";
import type {
  Driver,
  DriverContext,
  EndCause,
  Fleet,
  FleetEvent,
  FleetSpec,
  WorkerErrorReport,
  WorkerStatus,
} from "./driver.ts";
import { AbortedError, DriverError, messageOf } from "./errors.ts";
import type { ChannelHost } from "./channel/channel_host.ts";
import type { WorkerHello, WorkerLink } from "./messages.ts";
import type { Timers } from "./timers.ts";
import { workerName } from "./worker_name.ts";
import { sleep } from "./sleep.ts";

/** What `startWorkers()` takes. */
export interface StartWorkersOptions {
  /** The job. */
  readonly job: BlockJob;
  /** The workers, checked. */
  readonly concurrency: CheckedConcurrency;
  /** The run's random id. */
  readonly runId: string;
  /** Timers of the run; those of the workers are merged into them. */
  readonly timers: Timers;
  /** Ends the run. */
  readonly signal?: AbortSignal | undefined;
  /** A line for the user. */
  readonly onNotice: (line: string) => void;
  /** How far the run is: blocks done, blocks in all, workers ready. */
  readonly onProgress?: (done: number, total: number, workers: number) => void;
}

/** What a run counted. */
export interface RunCounts {
  /** Blocks done, taken from an earlier run, and handed out again after an error or a loss. */
  readonly blocks: { readonly done: number; readonly resumed: number; readonly retried: number };
  /** Workers started, replacements included, and lost. */
  readonly workers: { readonly started: number; readonly lost: number };
}

const TICK_MS = 100;
/** What a worker that has ended said last may still be on its way for so long. */
const LAST_RESULTS_MS = 200;
/** Ends that nothing explains but the block in hand. */
const BLAMING_CAUSES: ReadonlySet<EndCause> = new Set(["exit", "killed", "unknown"]);
/** Delay before a replacement: doubles with each loss until a block is done. */
const REPLACE_MS = { least: 1000, most: 60_000 };

/** Manages the compute workers of one run. Call `startWorkers`, then `run`, then always `shutdown`. */
export class ComputeWorkerManager {
  readonly #driver: Driver;
  readonly #ended = new AbortController();
  #jobName: string | undefined;
  #options: StartWorkersOptions | undefined;
  #dispatcher: Dispatcher | undefined;
  #fleet: Fleet | undefined;
  #channel: ChannelHost | undefined;
  readonly #starting = Promise.withResolvers<void>();
  readonly #outObjects: { readonly worker: number; readonly value: unknown }[] = [];
  #watching: Promise<void> | undefined;
  readonly #underway = new Set<Promise<void>>();
  /** Workers lost whose replacements have not connected. */
  readonly #awaited = new Set<number>();
  #finished = false;
  #started = 0;
  #lossesInARow = 0;
  #doneAtLoss = 0;
  readonly #endedUnconnected: { worker: number; text: string }[] = [];
  readonly #connected = new Set<number>();

  /** A manager of the workers of one driver; `getComputeWorkerManager(kind)` finds it by name. */
  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** The kind of worker. */
  get computeWorkerKind(): string {
    return this.#driver.kind;
  }

  /** Names the job; shown in the workers' names, and of no other effect. */
  setJobName(jobName: string | undefined): void {
    this.#jobName = jobName;
  }

  /** The name of a worker, with the job's name in it if it has one. */
  getWorkerName(workerId: number): string {
    return workerName(this.#jobName, workerId);
  }

  /** What the workers put out on completion, in the order of their numbers; filled by `run`. */
  makeOutObjList(): unknown[] {
    return this.#outObjects.toSorted((a, b) => a.worker - b.worker).map(({ value }) => value);
  }

  /** Where every worker stands. */
  workers(): WorkerStatus[] {
    return this.#fleet?.workers() ?? [];
  }

  /** What the run has counted so far. */
  counts(): RunCounts {
    const blocks = this.#dispatcher?.counts ?? { done: 0, resumed: 0, retried: 0 };
    return { blocks, workers: { started: this.#started, lost: this.#dispatcher?.lostCount ?? 0 } };
  }

  /**
   * Starts the workers: no more than there are blocks. They begin as soon as they have connected.
   *
   * @throws {AbortedError} if the run's signal was aborted before.
   * @throws what the driver throws if it can't start them.
   */
  async startWorkers(options: StartWorkersOptions): Promise<void> {
    const { job, concurrency, timers, onNotice, signal } = options;
    if (signal?.aborted) throw abortError(signal);
    this.#options = options;
    const workers = Math.min(concurrency.workers, job.blockCount - (job.done?.length ?? 0));
    const dispatcher = new Dispatcher(job, concurrency, {
      timers,
      expected: workers,
      hooks: {
        lost: (worker) => this.#replace(worker),
        progress: (done, total, connected) => options.onProgress?.(done, total, connected),
        notice: onNotice,
        lastWord: (worker, last) => {
          const value = job.finished(worker, last);
          if (value !== undefined) this.#outObjects.push({ worker, value });
        },
      },
    });
    this.#dispatcher = dispatcher;
    // Heard from now on: a queue may take its time to start them.
    signal?.addEventListener("abort", () => {
      dispatcher.fail(abortError(signal));
      this.#ended.abort();
    }, { signal: this.#ended.signal });
    if (workers === 0) return;
    this.#started = workers;
    const spec: FleetSpec = {
      workers,
      program: job.program,
      jobName: this.#jobName,
      extraParams: concurrency.extraParams,
      singleBlockComputeWorkers: concurrency.singleBlock,
      haveSharedTemp: concurrency.haveSharedTemp,
      threadsPerWorker: concurrency.threadsPerWorker,
      access: {
        ...job.access ?? { read: [], net: [] },
        everything: concurrency.workerPermissions.includes("--allow-all"),
        flags: concurrency.workerPermissions,
      },
    };
    try {
      this.#fleet = await timers.interval(
        "startcomputeworkers",
        () => this.#driver.start(spec, this.#driverContext(options)),
      );
      this.#watching = this.#watch(this.#fleet);
    } catch (error) {
      throw signal?.aborted ? abortError(signal) : error;
    } finally {
      this.#starting.resolve();
    }
  }

  /**
   * Runs the job to its last block.
   *
   * @throws the first real error of the run; {@linkcode AbortedError} if its signal was aborted.
   */
  async run(): Promise<void> {
    const dispatcher = this.#dispatcher;
    if (!dispatcher) throw new TypeError("call startWorkers() before run()");
    const ticking = setInterval(() => dispatcher.tick(), TICK_MS);
    try {
      await dispatcher.completion;
      await dispatcher.finish();
      this.#finished = true;
    } finally {
      clearInterval(ticking);
    }
  }

  /**
   * Stops every worker, whatever has happened; leaves nothing behind. May be called again. If the driver can't stop them,
   * that is a notice and no error: it must not hide how the run ended.
   */
  async shutdown(): Promise<WorkerErrorReport[]> {
    if (!this.#finished) this.#dispatcher?.fail(new AbortedError("The run was shut down"));
    this.#ended.abort();
    const reports = await this.#stop();
    await this.#channel?.close("the run is over");
    await Promise.all([this.#watching, ...this.#underway]);
    return reports;
  }

  #driverContext({ runId, onNotice }: StartWorkersOptions): DriverContext {
    return {
      runId,
      signal: this.#ended.signal,
      notice: onNotice,
      attach: (worker, hello, link) => this.#attach(worker, hello, link),
      openChannel: (reach) => this.#openChannel(reach),
    };
  }

  async #openChannel(reach: "machine" | "network"): Promise<ChannelHost> {
    const { runId, onNotice, concurrency } = this.#options!;
    // Loaded here: runs in threads alone need none of it.
    const { ChannelHost } = await import("./channel/channel_host.ts");
    return this.#channel ??= await ChannelHost.open({
      runId,
      reach,
      style: concurrency.channel,
      attach: (worker, hello, link) => this.#attach(worker, hello, link),
      notice: onNotice,
    });
  }

  #attach(worker: number, hello: WorkerHello, link: WorkerLink): void {
    this.#connected.add(worker);
    this.#dispatcher!.attach(worker, hello, link);
    this.#noLongerAwaited(worker);
  }

  async #stop(): Promise<WorkerErrorReport[]> {
    if (!this.#fleet) return [];
    const { onNotice } = this.#options!;
    try {
      const reports = await this.#fleet.stop({ finished: this.#finished });
      for (const { worker, text } of reports) onNotice(`${this.getWorkerName(worker)}: ${messageOf(text)}`);
      return reports;
    } catch (error) {
      onNotice(`Cannot stop the ${this.#driver.kind} workers: ${messageOf(error)}`);
      // News of workers that could not be stopped may never end.
      this.#watching = undefined;
      return [];
    }
  }

  async #watch(fleet: Fleet): Promise<void> {
    try {
      for await (const event of fleet.events) this.#note(event);
    } catch (error) {
      this.#dispatcher?.fail(error);
    }
  }

  #note(event: FleetEvent): void {
    if (event.type !== "ended") return;
    if (this.#connected.delete(event.worker)) this.#lostConnected(event);
    else this.#neverConnected(event);
  }

  /** The link of a worker that has ended mostly knows, and has its last results; if it does not, it is told. */
  #lostConnected({ worker, cause, exitCode, logTail }: Extract<FleetEvent, { type: "ended" }>): void {
    const blame = BLAMING_CAUSES.has(cause) && exitCode !== 0;
    const reason = logTail ?? `${cause}${exitCode === undefined ? "" : `, exit code ${exitCode}`}`;
    const { signal } = this.#ended;
    if (signal.aborted || !this.#dispatcher!.isConnected(worker)) return;
    const told: Promise<void> = sleep(LAST_RESULTS_MS, signal).then(() => {
      this.#underway.delete(told);
      this.#dispatcher!.workerEnded(worker, { reason, blame });
    });
    this.#underway.add(told);
  }

  /** A worker ended before it was heard of: if the first ones all do, the run can't work. */
  #neverConnected({ worker, logTail, exitCode, cause }: Extract<FleetEvent, { type: "ended" }>): void {
    if (this.#ended.signal.aborted) return;
    const code = exitCode === undefined ? "" : `, exit code ${exitCode}`;
    const text = `${this.getWorkerName(worker)} ended (${cause}${code}) before it connected: ${
      messageOf(logTail ?? "it left no log")
    }`;
    const dispatcher = this.#dispatcher!;
    this.#endedUnconnected.push({ worker, text });
    const limit = Math.min(3, this.#started);
    if (!dispatcher.everConnected && this.#endedUnconnected.length >= limit) {
      const all = limit === 1 ? "" : `The first ${limit} workers all ended before any connected. The first: `;
      return dispatcher.fail(new DriverError(all + this.#endedUnconnected[0]!.text));
    }
    this.#options!.onNotice(text);
    this.#noLongerAwaited(worker);
    dispatcher.lostUnconnected(text);
    if (!dispatcher.isOver) this.#replace(worker);
  }

  #replace(worker: number): void {
    const dispatcher = this.#dispatcher!;
    const { done } = dispatcher.counts;
    this.#lossesInARow = done > this.#doneAtLoss ? 1 : this.#lossesInARow + 1;
    this.#doneAtLoss = done;
    const delayMs = Math.min(REPLACE_MS.most, REPLACE_MS.least * 2 ** (this.#lossesInARow - 1));
    if (!this.#awaited.has(worker)) dispatcher.replacing(1);
    this.#awaited.add(worker);
    const replacement = this.#startReplacement(worker, delayMs).catch((error) => dispatcher.fail(error))
      .finally(() => this.#underway.delete(replacement));
    this.#underway.add(replacement);
  }

  /** A replacement has connected, ended before it could, or will not come. */
  #noLongerAwaited(worker: number): void {
    if (this.#awaited.delete(worker)) this.#dispatcher!.replacing(-1);
  }

  async #startReplacement(worker: number, delayMs: number): Promise<void> {
    const { signal } = this.#ended;
    await sleep(delayMs, signal);
    if (signal.aborted || this.#dispatcher!.isOver) return;
    await this.#starting.promise;
    const fleet = this.#fleet;
    if (!fleet) return;
    const answer = await fleet.replace(worker, signal);
    if (answer.replaced) {
      this.#started++;
      return;
    }
    this.#noLongerAwaited(worker);
    if (signal.aborted) return;
    const left = fleet.workers().some(({ state }) => state !== "ended");
    const refusal = `No worker in the place of ${this.getWorkerName(worker)}: ${answer.reason}`;
    if (!left) throw new DriverError(`${refusal}. There is none left`);
    this.#options!.onNotice(`${refusal}. The run goes on with the others`);
  }
}

function abortError(signal: AbortSignal): Error {
  return new AbortedError(`The run was ended: ${messageOf(signal.reason)}`, { cause: signal.reason });
}
