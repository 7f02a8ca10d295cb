/**
 * `CW_SUBPROC`: compute workers are processes on this machine.
 *
 * @module
 */
import { coresLimit } from "../core/cores_limit.ts";
import type {
  Availability,
  Driver,
  DriverContext,
  EndCause,
  Fleet,
  FleetEvent,
  FleetSpec,
  HostedChannel,
  Replacement,
  StopOptions,
  WorkerErrorReport,
  WorkerStatus,
} from "../core/driver.ts";
import { DriverError, messageOf } from "../core/errors.ts";
import { CW_SUBPROC } from "../core/kinds.ts";
import { localWorker } from "../core/local_worker.ts";
import { MessageQueue } from "../core/message_queue.ts";
import { TextTail } from "../core/text_tail.ts";
import { sleep } from "../core/sleep.ts";
import { WorkerOutput } from "../core/worker_output.ts";

/** The driver of `CW_SUBPROC`. */
export const driver: Driver = {
  kind: CW_SUBPROC,
  computeWorkersReadDefault: true,
  inProcess: false,
  supportsSingleBlock: false,
  canInterrupt: true,
  canGrow: true,
  get workersLimit(): { workers: number; reason: string } {
    return coresLimit();
  },
  available(): Promise<Availability> {
    return Promise.resolve({ available: true });
  },
  async start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
    const channel = await context.openChannel("machine");
    return await SubprocFleet.start(spec, channel, (line) => context.notice(line));
  },
};

export default driver;

/** A worker that has nothing left to say may take this long to end, milliseconds. */
const EXIT_MS = { finished: 5000, ended: 2000 };
/** A process that a user function has left behind may keep a worker's output open. */
const OUTPUT_MS = 500;

interface WorkerProcess {
  readonly child: Deno.ChildProcess;
  /** The worker's standard input, at whose end it ends. */
  readonly lifeline: WritableStreamDefaultWriter<Uint8Array>;
  readonly gone: Promise<void>;
  readonly nativeId: string;
  reason: string | undefined;
}

class SubprocFleet implements Fleet {
  readonly #spec: FleetSpec;
  readonly #channel: HostedChannel;
  readonly #notice: (line: string) => void;
  readonly #processes = new Map<number, WorkerProcess>();
  readonly #events = new MessageQueue<FleetEvent>();
  readonly #reports: WorkerErrorReport[] = [];
  #isStopping = false;

  private constructor(spec: FleetSpec, channel: HostedChannel, notice: (line: string) => void) {
    this.#spec = spec;
    this.#channel = channel;
    this.#notice = notice;
  }

  /**
   * Starts all workers, or none.
   *
   * @throws {DriverError} if the system has no room for them all.
   */
  static async start(
    spec: FleetSpec,
    channel: HostedChannel,
    notice: (line: string) => void,
  ): Promise<SubprocFleet> {
    const fleet = new SubprocFleet(spec, channel, notice);
    const refusal = fleet.#startMore(spec.workers);
    if (refusal === undefined) return fleet;
    const { size } = fleet.#processes;
    await fleet.stop({ finished: false });
    throw new DriverError(
      `Only ${size} of ${spec.workers} ${CW_SUBPROC} workers could be started: ${refusal}`,
    );
  }

  get events(): AsyncIterable<FleetEvent> {
    return this.#events;
  }

  workers(): WorkerStatus[] {
    return [...this.#processes].map(([worker, { nativeId, reason }]) => ({
      worker,
      nativeId,
      ...reason === undefined ? { state: "running" } : { state: "ended", reason },
    }));
  }

  async replace(worker: number, signal: AbortSignal): Promise<Replacement> {
    const old = this.#processes.get(worker);
    if (old && old.reason === undefined) kill(old.child, "SIGKILL");
    await old?.gone;
    if (signal.aborted) return { replaced: false, reason: "the run is over" };
    const refusal = this.#start(worker);
    return refusal === undefined ? { replaced: true } : { replaced: false, reason: refusal };
  }

  grow(workers: number, signal: AbortSignal): Promise<{ added: number; reason?: string }> {
    if (signal.aborted) return Promise.resolve({ added: 0, reason: "the run is over" });
    const before = this.#processes.size;
    const reason = this.#startMore(workers);
    const added = this.#processes.size - before;
    return Promise.resolve({ added, ...reason === undefined ? {} : { reason } });
  }

  async stop({ finished }: StopOptions): Promise<WorkerErrorReport[]> {
    this.#isStopping = true;
    const running = [...this.#processes.values()].filter(({ reason }) => reason === undefined);
    if (!finished) { for (const { child } of running) kill(child, "SIGTERM"); }
    const patience = setTimeout(() => {
      for (const { child, reason } of running) if (reason === undefined) kill(child, "SIGKILL");
    }, finished ? EXIT_MS.finished : EXIT_MS.ended);
    await Promise.all(running.map(({ gone }) => gone));
    clearTimeout(patience);
    this.#events.close();
    return this.#reports.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ finished: false });
  }

  /** Starts workers with the next numbers; why no more could be started, if not all were. */
  #startMore(workers: number): string | undefined {
    const first = this.#processes.size;
    for (let i = 0; i < workers; i++) {
      const refusal = this.#start(first + i);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Starts a worker; why the system has no room for it, if that is so. */
  #start(worker: number): string | undefined {
    const { command: [program, ...args], env, input } = localWorker(worker, this.#spec, this.#channel);
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(program, {
        ...{ args, env },
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      return spawnRefusal(error);
    }
    const lifeline = child.stdin.getWriter();
    // A worker that ends before it has read it has its reason, which is told.
    lifeline.write(new TextEncoder().encode(input)).catch(() => {});
    const entry: WorkerProcess = {
      child,
      lifeline,
      gone: this.#watch(worker, child),
      nativeId: String(child.pid),
      reason: undefined,
    };
    this.#processes.set(worker, entry);
    this.#events.push({ type: "started", worker, nativeId: entry.nativeId, host: Deno.hostname() });
    return undefined;
  }

  async #watch(worker: number, child: Deno.ChildProcess): Promise<void> {
    const tail = new TextTail();
    const output = new WorkerOutput(`worker ${worker}`, { notice: this.#notice });
    const reading = readAll(child, { tail, output });
    const { code, signal } = await child.status;
    // Its other end is gone with the worker.
    await this.#processes.get(worker)!.lifeline.abort().catch(() => {});
    await reading.end();
    const cause: EndCause = signal === null ? "exit" : "killed";
    const how = signal === null ? `exit status ${code}` : `killed by ${signal}`;
    const entry = this.#processes.get(worker)!;
    const said = tail.text.trim();
    entry.reason = how;
    if (this.#isStopping) this.#channel.workerGone(worker, how);
    const isReported = this.#isStopping && code !== 0 && signal === null && said !== "";
    if (isReported) this.#reports.push({ worker, nativeId: entry.nativeId, text: `${how}: ${said}` });
    output.close(isReported || !this.#isStopping && code !== 0);
    const logTail = said === "" ? how : `${how}: ${said}`;
    const { nativeId } = entry;
    this.#events.push({ type: "ended", worker, nativeId, cause, exitCode: code, logTail });
  }
}

/** Reads what a process writes. */
function readAll(
  { stdout, stderr }: Deno.ChildProcess,
  { tail, output }: { tail: TextTail; output: WorkerOutput },
): { end(): Promise<void> } {
  const [forTail, forUser] = stderr.tee();
  const over = new AbortController();
  const { signal } = over;
  const reading = Promise.allSettled([
    stdout.pipeTo(output.standardOutput(), { signal }),
    forTail.pipeTo(tail.writable(), { signal }),
    forUser.pipeTo(output.standardError(), { signal }),
  ]);
  return {
    async end() {
      await Promise.race([reading, sleep(OUTPUT_MS, signal)]);
      over.abort();
      await reading;
    },
  };
}

/** What the system says when it has no room for a process, by its errors' codes, and what to raise. */
const NO_ROOM: Readonly<Record<string, string>> = {
  EMFILE: "too many files are open, some five for each worker: ask for fewer, or raise ulimit -n",
  ENFILE: "this machine has too many files open: ask for fewer",
  EAGAIN: "no more processes or threads are allowed: ask for fewer, or raise ulimit -u",
  ENOMEM: "there is not enough memory: ask for fewer",
};

/**
 * Why a process could not be started.
 *
 * @throws {DriverError} if it is not for want of room.
 */
function spawnRefusal(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  if (typeof code === "string" && Object.hasOwn(NO_ROOM, code)) return NO_ROOM[code]!;
  throw new DriverError(`Cannot start a ${CW_SUBPROC} worker: ${messageOf(error)}`, { cause: error });
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It has ended in between, which is what was wanted.
    if (!(error instanceof TypeError)) throw error;
  }
}
