/**
 * The compute-worker manager: starts the workers of one kind, runs a job over them and stops them. It is what
 * `apply()` and `mapBlocks()` stand on.
 *
 * @module
 */
import type { BlockJob } from "./block_job.ts";
import { checkValues } from "./check_values.ts";
import { checkConcurrency, type CheckedConcurrency, isChecked } from "./checked_concurrency.ts";
import type { ConcurrencyStyle } from "./concurrency_style.ts";
import { Dispatcher } from "./dispatcher.ts";
import type {
  Driver,
  DriverContext,
  Fleet,
  FleetSpec,
  HostedChannel,
  WorkerErrorReport,
  WorkerStatus,
} from "./driver.ts";
import { AbortedError, ConfigError, messageOf } from "./errors.ts";
import { FleetNews } from "./fleet_news.ts";
import { FleetSize } from "./fleet_size.ts";
import { fleetSpec } from "./fleet_spec.ts";
import { checkKnownKeys } from "./known_keys.ts";
import type { WorkerHello, WorkerLink } from "./messages.ts";
import { Replacements } from "./replacements.ts";
import { RunPlaces } from "./run_places.ts";
import { shownValue } from "./shown_value.ts";
import { Timers } from "./timers.ts";
import { workerName } from "./worker_name.ts";
import { usualLosses } from "./usual_losses.ts";

/** What `startWorkers()` takes. */
export interface StartWorkersOptions {
  /** The job, such as `makeBlockJob()` makes. */
  readonly job: BlockJob;
  /** The workers; their kind is the manager's. Default none, which only `CW_NONE` takes. */
  readonly concurrency?: ConcurrencyStyle | CheckedConcurrency;
  /** The run's id, by which what it leaves is found. Default a random one. */
  readonly runId?: string;
  /** Timers of the run; those of the workers are merged into them. Default the manager's own. */
  readonly timers?: Timers;
  /** Ends the run. */
  readonly signal?: AbortSignal | undefined;
  /** A line for the user. Default `console.warn`. */
  readonly onNotice?: (line: string) => void;
  /** How far the run is: blocks done, blocks in all, workers ready. */
  readonly onProgress?: (done: number, total: number, workers: number) => void;
}

/** What a run counted. */
export interface RunCounts {
  /** Blocks done, taken from an earlier run, and handed out again after an error or a loss. */
  readonly blocks: { readonly done: number; readonly resumed: number; readonly retried: number };
  /** Workers that ran (one and those in its place are one), that were started (replacements included), and that were lost. */
  readonly workers: { readonly ran: number; readonly started: number; readonly lost: number };
}

const TICK_MS = 100;

/** What a run goes by, with its defaults. */
interface RunOptions extends StartWorkersOptions {
  readonly concurrency: CheckedConcurrency;
  readonly runId: string;
  readonly timers: Timers;
  readonly onNotice: (line: string) => void;
}

/** Every key of {@linkcode StartWorkersOptions}; the compiler keeps the two alike. */
const START_KEYS: Readonly<Record<keyof StartWorkersOptions, true>> = {
  job: true,
  concurrency: true,
  runId: true,
  timers: true,
  signal: true,
  onNotice: true,
  onProgress: true,
};

/** Manages the compute workers of one run. Call `startWorkers`, then `run`, then always `shutdown`. */
export class ComputeWorkerManager {
  /** Timers of the run, those of the workers among them, unless `startWorkers` is given others. */
  readonly timers: Timers = new Timers();
  readonly #driver: Driver;
  readonly #ended = new AbortController();
  #jobName: string | undefined;
  #options: RunOptions | undefined;
  #dispatcher: Dispatcher | undefined;
  #replacements: Replacements | undefined;
  #news: FleetNews | undefined;
  #places: RunPlaces | undefined;
  #fleet: Fleet | undefined;
  #size: FleetSize | undefined;
  readonly #starting = Promise.withResolvers<void>();
  readonly #outObjects: { readonly worker: number; readonly value: unknown }[] = [];
  #listening: Promise<void> | undefined;
  #finished = false;
  #started = 0;
  /** Numbers of those that have connected. */
  readonly #ran = new Set<number>();

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

  /**
   * What the workers put out on completion, in the order of their numbers: each one's copy of other args, or the merged ones
   * alone where they are merged. Filled by `run`.
   */
  makeOutObjList(): unknown[] {
    const { mergedArgs } = this.#options?.job ?? {};
    if (mergedArgs) return [mergedArgs()];
    return this.#outObjects.toSorted((a, b) => a.worker - b.worker).map(({ value }) => value);
  }

  /** Where every worker stands. */
  workers(): WorkerStatus[] {
    return this.#fleet?.workers() ?? [];
  }

  /** What the run has counted so far. */
  counts(): RunCounts {
    const blocks = this.#dispatcher?.counts ?? { done: 0, resumed: 0, retried: 0 };
    const lost = this.#dispatcher?.lostCount ?? 0;
    return { blocks, workers: { ran: this.#ran.size, started: this.#started, lost } };
  }

  /**
   * Starts the workers: no more than there are blocks. They begin as soon as they have connected. A manager runs one job.
   *
   * @throws {ConfigError} if the workers can't be had so: a number out of range, a combination that makes no sense.
   * @throws {AbortedError} if the run's signal was aborted before.
   * @throws what the driver throws if it can't start them.
   */
  async startWorkers(given: StartWorkersOptions): Promise<void> {
    if (this.#options) throw new TypeError("startWorkers() was called before: make a manager for each job");
    const options = this.#checked(given);
    const { job, concurrency, timers, signal } = options;
    if (signal?.aborted) throw abortError(signal);
    this.#options = options;
    const spec = fleetSpec({
      ...{ concurrency, program: job.program, jobName: this.#jobName },
      blocks: job.blockCount - (job.done?.length ?? 0),
      access: job.access ?? { read: [], net: [] },
    });
    const dispatcher = this.#prepare(options, spec);
    // Heard from now on: a queue may take its time to start them.
    signal?.addEventListener("abort", () => {
      dispatcher.fail(abortError(signal));
      this.#ended.abort();
    }, { signal: this.#ended.signal });
    if (spec.workers === 0) return;
    this.#started = spec.workers;
    try {
      if (!this.#driver.inProcess) await this.#fetchPackages(options.onNotice);
      const fleet = await timers.interval(
        "startcomputeworkers",
        () => this.#driver.start(spec, this.#driverContext(options)),
      );
      this.#fleet = fleet;
      this.#listening = this.#news!.listen(fleet);
      if (spec.workers < spec.maxWorkers) this.#size = this.#flexible(fleet, spec);
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
    const ticking = setInterval(() => this.#tick(dispatcher), TICK_MS);
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
    await this.#places?.closeChannel();
    await Promise.all([
      this.#listening,
      this.#news?.settled(),
      this.#replacements?.settled(),
      this.#size?.settled(),
    ]);
    await this.#places?.closeRegister();
    return reports;
  }

  /** Both modules are loaded only for kinds that need them. */
  async #fetchPackages(notice: (line: string) => void): Promise<void> {
    const { workersHaveOtherPackages } = await import("./worker_command.ts");
    if (!workersHaveOtherPackages()) return;
    const { fetchWorkerPackages } = await import("./worker_packages.ts");
    await fetchWorkerPackages({ signal: this.#ended.signal, notice });
  }

  /** Notices come from timers and connections as well: what `onNotice` throws there ends the run, not the program. */
  #notice(line: string, onNotice: (line: string) => void): void {
    try {
      onNotice(line);
    } catch (error) {
      this.#dispatcher?.fail(error);
    }
  }

  #checked(given: StartWorkersOptions): RunOptions {
    checkKnownKeys(given, START_KEYS, "startWorkers()");
    checkValues(given, {
      job: "object",
      concurrency: "object",
      runId: "text",
      signal: "abort signal",
      onNotice: "function",
      onProgress: "function",
    });
    if (!given.job) throw new ConfigError("startWorkers() needs a job, such as makeBlockJob() makes");
    const { concurrency: style = {}, runId = crypto.randomUUID(), timers = this.timers } = given;
    const { onNotice = console.warn } = given;
    const options = { ...given, runId, timers, onNotice: (line: string) => this.#notice(line, onNotice) };
    if (isChecked(style)) return { ...options, concurrency: style };
    const { kind } = this.#driver;
    if (style.computeWorkerKind !== undefined && style.computeWorkerKind !== kind) {
      throw new ConfigError(
        `The manager is of ${kind}, and computeWorkerKind is ${
          shownValue(style.computeWorkerKind)
        }: leave it out`,
      );
    }
    const concurrency = checkConcurrency(style, this.#driver);
    for (const warning of concurrency.warnings) options.onNotice(warning);
    return { ...options, concurrency };
  }

  #prepare(
    { job, concurrency, timers, onNotice, ...options }: RunOptions,
    spec: FleetSpec,
  ): Dispatcher {
    const { signal } = this.#ended;
    const dispatcher: Dispatcher = new Dispatcher(job, concurrency, {
      timers,
      expected: spec.workers,
      maxWorkerLosses: concurrency.maxWorkerLosses ?? usualLosses(spec.maxWorkers),
      hooks: {
        gone: (worker, wanted) => replacements.gone(worker, wanted),
        disconnected: (worker) => this.#fleet?.check?.(worker),
        progress: (done, total, connected) => options.onProgress?.(done, total, connected),
        notice: onNotice,
        lastWord: (worker, last) => {
          const value = job.finished(worker, last);
          if (value !== undefined) this.#outObjects.push({ worker, value });
        },
        queueReasons: () => news.queueReasons,
      },
    });
    const parts = {
      dispatcher,
      signal,
      notice: onNotice,
      nameOf: (worker: number) => this.getWorkerName(worker),
    };
    const replacements: Replacements = new Replacements({
      ...parts,
      fleet: async () => {
        await this.#starting.promise;
        return this.#fleet;
      },
      threadsPerWorker: spec.threadsPerWorker,
      started: () => this.#started++,
    });
    const news: FleetNews = new FleetNews({ ...parts, replacements, workers: spec.workers });
    this.#replacements = replacements;
    this.#news = news;
    return this.#dispatcher = dispatcher;
  }

  /** A fleet that may grow and shrink. */
  #flexible(fleet: Fleet, { workers: min, maxWorkers: max, threadsPerWorker }: FleetSpec): FleetSize {
    const dispatcher = this.#dispatcher!;
    return new FleetSize({
      ...{ fleet, dispatcher, min, max, threadsPerWorker },
      signal: this.#ended.signal,
      aliveCount: () => this.#replacements!.aliveCount(fleet),
      grown: (workers) => {
        this.#started += workers;
        dispatcher.expect(workers);
      },
      notice: this.#options!.onNotice,
    });
  }

  #tick(dispatcher: Dispatcher): void {
    const nowMs = performance.now();
    dispatcher.tick(nowMs);
    this.#news!.tick(nowMs);
    this.#size?.tick(nowMs);
  }

  #driverContext({ runId, onNotice, concurrency, job }: RunOptions): DriverContext {
    const attach: DriverContext["attach"] = (worker, hello, link) => this.#attach(worker, hello, link);
    const places = new RunPlaces({
      ...{ runId, attach, driver: this.#driver, jobName: this.#jobName },
      ...{ style: concurrency.channel, codeHash: job.codeHash, notice: onNotice },
      job: job.workerJob,
      workers: () => this.#dispatcher?.expected ?? 0,
    });
    this.#places = places;
    return {
      ...{ runId, attach, signal: this.#ended.signal, notice: onNotice },
      register: () => places.register(),
      openChannel: (reach): Promise<HostedChannel> => places.channel(reach),
    };
  }

  #attach(worker: number, hello: WorkerHello, link: WorkerLink): void {
    this.#ran.add(worker);
    this.#news!.connected(worker, hello.nativeId);
    this.#dispatcher!.attach(worker, hello, link);
    this.#replacements!.connected(worker);
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
      this.#listening = undefined;
      return [];
    }
  }
}

function abortError(signal: AbortSignal): Error {
  return new AbortedError(`The run was ended: ${messageOf(signal.reason)}`, { cause: signal.reason });
}
