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
import { CW_SUBPROC } from "../core/kinds.ts";
import { MessageQueue } from "../core/message_queue.ts";
import { TextTail } from "../core/text_tail.ts";
import { workerCommand } from "../core/worker_command.ts";

/** The driver of `CW_SUBPROC`. */
export const driver: Driver = {
  kind: CW_SUBPROC,
  computeWorkersReadDefault: true,
  inProcess: false,
  supportsSingleBlock: false,
  canInterrupt: true,
  get workersLimit(): { workers: number; reason: string } {
    return coresLimit();
  },
  available(): Promise<Availability> {
    return Promise.resolve({ available: true });
  },
  async start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
    return new SubprocFleet(spec, await context.openChannel("machine"));
  },
};

export default driver;

/** A worker that has nothing left to say may take this long to end, milliseconds. */
const EXIT_MS = { finished: 5000, ended: 2000 };

interface WorkerProcess {
  readonly child: Deno.ChildProcess;
  readonly gone: Promise<void>;
  readonly nativeId: string;
  reason: string | undefined;
}

class SubprocFleet implements Fleet {
  readonly #spec: FleetSpec;
  readonly #channel: HostedChannel;
  readonly #processes = new Map<number, WorkerProcess>();
  readonly #events = new MessageQueue<FleetEvent>();
  readonly #reports: WorkerErrorReport[] = [];
  #isStopping = false;

  constructor(spec: FleetSpec, channel: HostedChannel) {
    this.#spec = spec;
    this.#channel = channel;
    for (let worker = 0; worker < spec.workers; worker++) this.#start(worker);
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
    this.#start(worker);
    return { replaced: true };
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

  #start(worker: number): void {
    const { hosts, port } = this.#channel;
    const { read, net, everything, flags } = this.#spec.access;
    const access = { read, net: [...hosts.map((host) => `${host}:${port}`), ...net] };
    const [program, ...first] = workerCommand(everything ? undefined : access, flags);
    const child = new Deno.Command(program!, {
      args: [
        ...first,
        ...this.#channel.workerArguments,
        ...["-i", String(worker), "--threads", String(this.#spec.threadsPerWorker)],
      ],
      env: { ...this.#channel.workerEnvironment, NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const entry: WorkerProcess = {
      child,
      gone: this.#watch(worker, child),
      nativeId: String(child.pid),
      reason: undefined,
    };
    this.#processes.set(worker, entry);
    this.#events.push({ type: "started", worker, nativeId: entry.nativeId, host: Deno.hostname() });
  }

  async #watch(worker: number, child: Deno.ChildProcess): Promise<void> {
    const tail = new TextTail();
    await child.stderr.pipeTo(tail.writable());
    const { code, signal } = await child.status;
    const cause: EndCause = signal === null ? "exit" : "killed";
    const how = signal === null ? `exit status ${code}` : `killed by ${signal}`;
    const entry = this.#processes.get(worker)!;
    const said = tail.text.trim();
    entry.reason = how;
    if (this.#isStopping) this.#channel.workerGone(worker, how);
    if (this.#isStopping && code !== 0 && signal === null && said !== "") {
      this.#reports.push({ worker, nativeId: entry.nativeId, text: `${how}: ${said}` });
    }
    const logTail = said === "" ? how : `${how}: ${said}`;
    this.#events.push({ type: "ended", worker, cause, exitCode: code, logTail });
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It has ended in between, which is what was wanted.
    if (!(error instanceof TypeError)) throw error;
  }
}
