/**
 * What a kind of compute worker must be able to do. A driver is a name, its defaults, and how to start and
 * stop workers; nothing else differs by kind.
 *
 * A module that exports a `driver` of this type (or has it as its default export) can be given to
 * `registerDriver()` or to `--driver`, and is then as good as a built-in one. `@blockfleet/blockfleet/testing`
 * has the contract suite that every driver must pass.
 *
 * @module
 */
import type { ChannelStyle } from "./channel_style.ts";
import type { FromWorker, ToWorker, WorkerHello, WorkerLink } from "./messages.ts";
import type { RegisteredRun, RunRegister } from "./register/run_register.ts";
import type { WorkerAccess } from "./worker_command.ts";

export type {
  Assignment,
  BlockResult,
  FromWorker,
  LinkEnd,
  LinkHandler,
  RemoteError,
  ToWorker,
  WorkerHello,
  WorkerInit,
  WorkerLink,
  WorkerReading,
} from "./messages.ts";
export type {
  RegisteredRun,
  RegisteredThing,
  RegisterEntry,
  RunRegister,
  ThingRecord,
} from "./register/run_register.ts";
export type { WorkerAccess } from "./worker_command.ts";
export type { ChannelStyle } from "./channel_style.ts";
export type { Payload } from "./payload.ts";
export type { IntervalList } from "./timers.ts";
export { BlockfleetError, ConfigError, DriverError, UnavailableError } from "./errors.ts";
export { type LocalWorker, localWorker } from "./local_worker.ts";
export { MessageQueue } from "./message_queue.ts";

/** Whether a kind can run here; if not, why, and what to do. */
export type Availability = {
  readonly available: true;
  /** What the user should know of it, such as what is taken for want of a choice. */
  readonly reason?: string;
} | {
  readonly available: false;
  readonly reason: string;
};

/** The program that a compute worker runs. */
export interface WorkerProgram {
  /** The module to start a thread with. */
  readonly threadUrl: URL;
  /** The same program in this very thread. Ends when the manager's end of `link` is closed. */
  runHere(link: ManagerLink): Promise<void>;
}

/** A worker's end of the connection to its manager. */
export interface ManagerLink {
  /** Sends to the manager. */
  send(message: FromWorker): void;
  /** The next message of the manager, or undefined when it is gone. */
  receive(): Promise<ToWorker | undefined>;
  /** Whether the manager is gone, so that what it sent need not be computed any more. */
  readonly closed: boolean;
  /** Lets the thread's other work in between two blocks. Default: messages that have come. */
  breathe?(): Promise<void>;
  /**
   * Tells whoever watches that the worker has begun to compute this block, or none (-1).
   *
   * @param sinceMs when it has, monotonic milliseconds; default now.
   */
  computing(block: number, sinceMs?: number): void;
}

/** What workers may do that don't run in the manager's process. */
export interface WorkerPermissions extends WorkerAccess {
  /** Whether they may do everything that the manager may. */
  readonly everything: boolean;
  /** Permission flags of Deno that the user adds. */
  readonly flags: readonly string[];
}

/** What `start()` is asked for. */
export interface FleetSpec {
  /** Workers wanted at the start: never more than there are blocks. */
  readonly workers: number;
  /** Most workers that `grow()` may ask for in all; equal to `workers` unless the user gave a range. */
  readonly maxWorkers: number;
  /** What each of them runs. */
  readonly program: WorkerProgram;
  /** The user's name for the job; cosmetic. */
  readonly jobName: string | undefined;
  /** The driver's own dictionary, as the user gave it. */
  readonly extraParams: Readonly<Record<string, unknown>>;
  /** One worker for every block (batch queues only). */
  readonly singleBlockComputeWorkers: boolean;
  /** Whether workers see the manager's temporary files. */
  readonly haveSharedTemp: boolean;
  /** Computing threads in each worker that is a process. */
  readonly threadsPerWorker: number;
  /** What workers may do. */
  readonly access: WorkerPermissions;
  /** The user's wishes for the data channel, for a probe; a run's channel is made with them by `openChannel()`. */
  readonly channel?: ChannelStyle;
}

/** The run's data channel, for drivers whose workers are not in the manager's process. */
export interface HostedChannel {
  /** Where the manager listens. */
  readonly hosts: readonly string[];
  /** The port. */
  readonly port: number;
  /** Arguments of `blockfleet worker` that name the channel; the key is not among them. */
  readonly workerArguments: readonly string[];
  /** The variable that gives a worker the key, where there is no address file. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  /**
   * Writes the run's address file, once, for workers that share a folder with the manager; removed when the channel closes.
   *
   * @param folder default `~/.blockfleet/run/RUN`.
   * @returns its path, for `blockfleet worker --channel-file`.
   */
  addressFile(folder?: string): Promise<string>;
  /**
   * Chooses the number of a worker that connects; replaces the default, which is the number it asks for, else the next
   * free one. A number that is taken makes the newcomer the newer session of that worker. Throw to refuse it, with the reason.
   */
  admit: (requested: number | undefined, hello: WorkerHello) => number;
  /** A worker is known to have ended: its connection, if it is only broken, need not be waited for. */
  workerGone(worker: number, reason: string): void;
}

/** What the manager offers a driver. */
export interface DriverContext {
  /** The run's random id. */
  readonly runId: string;
  /** Aborted when the run is over; nothing may be started after it. */
  readonly signal: AbortSignal;
  /** A line for the user. */
  notice(line: string): void;
  /** Where everything that outlives this process is written down before it is made; opened when first called. */
  register(): Promise<RunRegister>;
  /**
   * Opens the run's data channel; its workers are attached as they connect.
   *
   * @param reach `machine` if all workers are on this machine, else `network`.
   */
  openChannel(reach: "machine" | "network"): Promise<HostedChannel>;
  /** A worker has connected. */
  attach(worker: number, hello: WorkerHello, link: WorkerLink): void;
}

/** Where a worker stands. */
export interface WorkerStatus {
  /** Its number, from 0. */
  readonly worker: number;
  /** `queued` and `starting` come before the first connection. */
  readonly state: "queued" | "starting" | "running" | "ended";
  /** Its job, task, process or thread id, once it has one. */
  readonly nativeId?: string;
  /** The queue's reason for its state, or the cause of its end. */
  readonly reason?: string;
}

/** Why a worker ended. Only `exit`, `killed` and `unknown` can put blame on the block it was computing. */
export type EndCause =
  | "exit"
  | "killed"
  | "walltime"
  | "preempted"
  | "requeued"
  | "cancelled"
  | "node"
  | "unknown";

/** News of one worker. */
export type FleetEvent =
  | { readonly type: "queued"; readonly worker: number; readonly reason: string }
  | {
    readonly type: "started";
    readonly worker: number;
    readonly nativeId: string;
    readonly host: string;
    /** Seconds until its allocation ends, where there is an end. Sent again whenever the driver learns it anew. */
    readonly secondsLeft?: number;
    /** The whole length of its allocation, seconds. */
    readonly walltimeSeconds?: number;
  }
  /** The driver will not get this worker, now or later; the run goes on with the others. */
  | { readonly type: "refused"; readonly worker: number; readonly reason: string }
  | {
    readonly type: "ended";
    readonly worker: number;
    readonly cause: EndCause;
    /** Which job, task or process it was. By now the number may have another, whose end this is not. */
    readonly nativeId?: string;
    readonly exitCode?: number;
    /** The end of what it wrote, for people. */
    readonly logTail?: string;
  };

/** The answer to `replace()`. */
export type Replacement = { readonly replaced: true } | {
  readonly replaced: false;
  readonly reason: string;
};

/** How to stop. */
export interface StopOptions {
  /** Whether the work is complete; otherwise workers are ended as they are. */
  readonly finished: boolean;
}

/** An error that a worker left outside the channel, such as in its log. */
export interface WorkerErrorReport {
  /** The worker's number. */
  readonly worker: number;
  /** Its job, task, process or thread id. */
  readonly nativeId?: string;
  /** What it left. */
  readonly text: string;
}

/** The running workers of one run. */
export interface Fleet extends AsyncDisposable {
  /** Where every worker stands. */
  workers(): WorkerStatus[];
  /** News, until the fleet is stopped. Read by one reader. */
  readonly events: AsyncIterable<FleetEvent>;
  /** Another worker in the place of a lost one, or a refusal with its reason. Makes sure first that the old one is gone. */
  replace(worker: number, signal: AbortSignal): Promise<Replacement>;
  /**
   * The connection of a worker broke: find out soon what has become of it, and say so as an event. Drivers that hear of an
   * end at once need none.
   */
  check?(worker: number): void;
  /** More workers, numbered on from those there are; says how many were asked for, with a reason if not all. */
  grow?(workers: number, signal: AbortSignal): Promise<{ readonly added: number; readonly reason?: string }>;
  /** Stops every worker. May be called again; leaves nothing behind; reports what never came over the channel. */
  stop(options: StopOptions): Promise<WorkerErrorReport[]>;
}

/** What `start()` would do, for people, in order. */
export interface Preview {
  /** Commands, scripts or calls. */
  readonly steps: readonly { readonly title: string; readonly text: string }[];
}

/** Which runs' leftovers are meant. */
export interface RunSelector {
  /** The registered runs of this kind that are meant; none of them is alive, unless the user forces it. */
  readonly runs: readonly RegisteredRun[];
  /** A run that is in no register here and was asked for by its id: found by comment or tag alone, if at all. */
  readonly unregistered?: { readonly runId?: string; readonly jobName?: string };
  /** Say what would be removed, and remove nothing. */
  readonly dryRun: boolean;
  /** Asks the user before something is removed that only a tag or a name makes ours. */
  confirm(question: string): Promise<boolean>;
  /** Takes a line for the user while something takes its time. */
  notice?(line: string): void;
}

/** A manager that is to run as a job itself. */
export interface ManagerJob {
  /** The command, word by word: this program with the same options. */
  readonly command: readonly string[];
  /** The folder that it runs in. */
  readonly folder: string;
  /** The user's name for the job. */
  readonly jobName: string | undefined;
  /** The driver's own dictionary. */
  readonly extraParams: Readonly<Record<string, unknown>>;
}

/** A manager that has been submitted as a job. */
export interface SubmittedManager {
  /** Its job id. */
  readonly nativeId: string;
  /** Where it writes. */
  readonly logFile: string;
  /** What the user should know of it beside that. */
  readonly notices?: readonly string[];
  /** Commands that show how it is doing, and that cancel it. */
  readonly follow: readonly { readonly title: string; readonly command: string }[];
}

/** What `cleanup()` removed, or would. */
export interface CleanupReport {
  /** One line a thing. */
  readonly removed: readonly string[];
  /** What could not be removed, and why. */
  readonly failed: readonly string[];
  /** What it takes to look further, said if no kind knows the run that was asked for. */
  readonly hint?: string;
}

/** A kind of compute worker. */
export interface Driver {
  /** `CW_` and a name. */
  readonly kind: string;
  /** Whether workers read their own inputs unless the user says otherwise. */
  readonly computeWorkersReadDefault: boolean;
  /** Most workers that make sense here; more is a warning. Absent: no limit known. */
  readonly workersLimit?: { readonly workers: number; readonly reason: string };
  /** Whether workers are threads of the manager's process, so that its read workers serve as theirs. */
  readonly inProcess: boolean;
  /** Whether `singleBlockComputeWorkers` makes sense. */
  readonly supportsSingleBlock: boolean;
  /** Whether a worker can be ended while its function runs, as `blockTimeout` needs. */
  readonly canInterrupt: boolean;
  /** Whether its fleets have `grow()`, so that the user may give a range of workers. Default false. */
  readonly canGrow?: boolean;
  /** Can this kind run here? */
  available(): Promise<Availability>;
  /**
   * Begins what takes long and needs to know no more of the run, such as loading the program in threads, while the run is
   * being planned. `start()` uses it; what is left is given up when it is disposed of.
   */
  prepare?(program: WorkerProgram, workers: number): Disposable;
  /** Starts workers; each is handed to `context.attach` once it has connected. */
  start(spec: FleetSpec, context: DriverContext): Promise<Fleet>;
  /** What `start()` would submit or call, with placeholders for run id, address and key. Needs no scheduler and no account. */
  preview?(spec: FleetSpec): Promise<Preview>;
  /** A short job that tests whether workers will reach the manager: its address file, its name, its port. */
  probe?(spec: FleetSpec): Promise<Preview>;
  /** Submits the manager itself as a job. */
  submitManager?(job: ManagerJob): Promise<SubmittedManager>;
  /** Removes what killed runs left behind. */
  cleanup?(selector: RunSelector): Promise<CleanupReport>;
}
