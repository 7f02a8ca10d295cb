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
import { sleep } from "../core/sleep.ts";
import { workerCommand } from "../core/worker_command.ts";
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
    return new SubprocFleet(spec, await context.openChannel("machine"), (line) => context.notice(line));
  },
};

export default driver;

/** A worker that has nothing left to say may take this long to end, milliseconds. */
const EXIT_MS = { finished: 5000, ended: 2000 };
/** A process that a user function has left behind may keep a worker's output open. */
const OUTPUT_MS = 500;

interface WorkerProcess {
  readonly child: Deno.ChildProcess;
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

  constructor(spec: FleetSpec, channel: HostedChannel, notice: (line: string) => void) {
    this.#spec = spec;
    this.#channel = channel;
    this.#notice = notice;
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

  grow(workers: number, signal: AbortSignal): Promise<{ added: number; reason?: string }> {
    if (signal.aborted) return Promise.resolve({ added: 0, reason: "the run is over" });
    const first = this.#processes.size;
    for (let i = 0; i < workers; i++) this.#start(first + i);
    return Promise.resolve({ added: workers });
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
        // This program may itself be a job, whose id is in the environment.
        ...["--native-id", "pid"],
      ],
      env: { ...this.#channel.workerEnvironment, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
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
    const output = new WorkerOutput(`worker ${worker}`, { notice: this.#notice });
    const reading = readAll(child, { tail, output });
    const { code, signal } = await child.status;
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

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It has ended in between, which is what was wanted.
    if (!(error instanceof TypeError)) throw error;
  }
}
