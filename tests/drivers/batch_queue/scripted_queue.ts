/**
 * A fleet over a SLURM whose answers a test writes.
 *
 * @module
 */
import type {
  DriverContext,
  FleetEvent,
  HostedChannel,
  RegisteredThing,
  RunRegister,
} from "../../../core/driver.ts";
import { sleep } from "../../../core/sleep.ts";
import { checkedParams } from "../../../drivers/batch_queue/batch_driver.ts";
import { BatchFleet } from "../../../drivers/batch_queue/batch_fleet.ts";
import type { BatchScheduler, QueueReport } from "../../../drivers/batch_queue/batch_scheduler.ts";
import type { BatchQueueParams } from "../../../drivers/batch_queue/extra_params.ts";
import { LogFolder } from "../../../drivers/batch_queue/log_folder.ts";
import type {
  CommandResult,
  CommandRunner,
  RunCommandOptions,
} from "../../../drivers/batch_queue/run_command.ts";
import { slurm } from "../../../drivers/slurm/slurm_scheduler.ts";
import { sampleJobs } from "./sample_jobs.ts";

/** How a scripted command answers. */
export type Answer = (
  argv: readonly string[],
  options: RunCommandOptions,
) => Partial<CommandResult> | Promise<Partial<CommandResult>>;

/** Answers nothing until the command is given up, as one whose controller hangs. */
export const noAnswer: Answer = async (_argv, { timeoutMs = 60_000, signal }) => {
  await sleep(timeoutMs, signal ?? undefined);
  return { exitCode: undefined, stderr: "no answer" };
};

/** A line of `squeue` about a job. */
export function line(id: string, state: string, more = "10:00|1:00:00|n1|None"): string {
  return `${id}|${state}|${more}`;
}

/** A queue that lists jobs that have ended: what SLURM calls COMPLETING stands for PBS's state E. */
export const lingering: BatchScheduler = {
  ...slurm,
  async ask(run, jobs) {
    const answer = await slurm.ask(run, jobs);
    const reports = [...answer.reports].map(([id, report]) =>
      [
        id,
        report.reason.startsWith("COMPLETING") ? { ...report, state: "ended", isLeaving: true } : report,
      ] as [
        string,
        QueueReport,
      ]
    );
    return { ...answer, reports: new Map(reports) };
  },
};

type EventOf<T extends FleetEvent["type"]> = Extract<FleetEvent, { type: T }>;

/** Answers to commands, and what was asked. */
export class ScriptedQueue {
  /** Every command, as one line each. */
  readonly asked: string[] = [];
  /** The scripts that were submitted. */
  readonly scripts: string[] = [];
  /** What squeue prints. */
  lines: string[] = [];
  /** Answers `sbatch`. */
  sbatch: Answer;
  /** Answers `squeue`; default with `lines`. */
  squeue: Answer;
  /** Answers `scancel`; default that all is well. */
  scancel: Answer = () => ({});
  #jobs = 0;

  /** A queue that accepts everything, and shows nothing. */
  constructor() {
    this.sbatch = () => ({ stdout: `${++this.#jobs}\n` });
    this.squeue = () => ({ stdout: this.lines.join("\n") });
  }

  /** Runs a command. */
  readonly run: CommandRunner = async (argv, options = {}) => {
    this.asked.push(argv.join(" "));
    if (argv[0] === "sbatch") this.scripts.push(options.stdin ?? "");
    const answer = argv[0] === "sbatch"
      ? this.sbatch(argv, options)
      : argv[0] === "squeue"
      ? this.squeue(argv, options)
      : argv[0] === "scancel"
      ? this.scancel(argv, options)
      : {};
    return { argv, exitCode: 0, stdout: "", stderr: "", ...await answer };
  };

  /** How often a program was run. */
  count(program: string): number {
    return this.asked.filter((line) => line.startsWith(`${program} `)).length;
  }
}

/** A register in memory. */
export class MemoryRegister implements RunRegister {
  /** Each thing and what became of it. */
  readonly things = new Map<string, string>();

  intend({ key }: RegisteredThing): ReturnType<RunRegister["intend"]> {
    this.things.set(key, "intended");
    return Promise.resolve({
      made: (data) => {
        this.things.set(key, `made ${JSON.stringify(data)}`);
        return Promise.resolve();
      },
      gone: () => {
        this.things.delete(key);
        return Promise.resolve();
      },
    });
  }
}

/** A fleet, and all that it has told. */
export class ScriptedFleet implements AsyncDisposable {
  readonly queue: ScriptedQueue;
  readonly fleet: BatchFleet;
  readonly register: MemoryRegister;
  readonly events: FleetEvent[] = [];
  readonly notices: string[] = [];
  readonly logs: LogFolder;
  readonly #channel: HostedChannel;
  readonly #folder: string;
  readonly #over: AbortController;
  readonly #reading: Promise<void>;

  private constructor(parts: {
    queue: ScriptedQueue;
    fleet: BatchFleet;
    register: MemoryRegister;
    logs: LogFolder;
    channel: HostedChannel;
    folder: string;
    over: AbortController;
    notices: string[];
  }) {
    this.queue = parts.queue;
    this.fleet = parts.fleet;
    this.register = parts.register;
    this.logs = parts.logs;
    this.notices = parts.notices;
    this.#channel = parts.channel;
    this.#folder = parts.folder;
    this.#over = parts.over;
    this.#reading = this.#read();
  }

  /** A fleet without workers. */
  static async make(
    options: {
      queue?: ScriptedQueue;
      params?: BatchQueueParams;
      arrayLimit?: number;
      scheduler?: BatchScheduler;
    } = {},
  ): Promise<ScriptedFleet> {
    const { queue = new ScriptedQueue(), params = {}, arrayLimit = 1001, scheduler = slurm } = options;
    const folder = await Deno.makeTempDir({ prefix: "blockfleet_test_" });
    const register = new MemoryRegister();
    const notices: string[] = [];
    const notice = (line: string) => void notices.push(line);
    const over = new AbortController();
    const channel: HostedChannel = {
      ...{ hosts: ["login1"], port: 1, workerArguments: [], workerEnvironment: {} },
      addressFile: () => Promise.resolve(""),
      admit: () => 0,
      workerGone: () => {},
    };
    const context: DriverContext = {
      ...{ runId: "r1", signal: over.signal, notice },
      register: () => Promise.resolve(register),
      openChannel: () => Promise.resolve(channel),
      attach: () => {},
    };
    const logs = await LogFolder.make(`${folder}/logs`, register, { keep: false, notice });
    const { jobs, spec } = sampleJobs(scheduler, params);
    const fleet = new BatchFleet({
      ...{ scheduler, run: queue.run, spec, context, channel, jobs, logs, arrayLimit },
      params: checkedParams(scheduler, { ...params }),
    });
    return new ScriptedFleet({ queue, fleet, register, logs, channel, folder, over, notices });
  }

  /** A worker connects. */
  connect(nativeId: string, requested?: number): number {
    return this.#channel.admit(requested, { nativeId, host: "node7", pid: 1 });
  }

  /** Waits until an event is there. */
  async until<T extends FleetEvent["type"]>(type: T, worker: number): Promise<EventOf<T>> {
    for (const since = performance.now(); performance.now() - since < 60_000;) {
      const found = this.events.find((event): event is EventOf<T> =>
        event.type === type && event.worker === worker
      );
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no ${type} of worker ${worker} came: ${JSON.stringify(this.events)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    // What a test leaves is cancelled at once.
    const left = this.fleet.workers().flatMap(({ nativeId }) =>
      nativeId ? [`${nativeId}|CANCELLED|0:00|1:00||None`] : []
    );
    this.queue.squeue = (argv) => ({ stdout: argv.includes("all") ? left.join("\n") : "" });
    await this.fleet.stop({ finished: false });
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(): Promise<void> {
    for await (const event of this.fleet.events) this.events.push(event);
  }
}
