/**
 * A driver to begin from: workers are processes of this machine, each behind a command of yours, which must become the
 * worker as `exec` does: `nice`, `taskset`, `prlimit`, `numactl`. Run it with
 * `--driver examples/prefix_driver.ts --workers 4 --param 'prefix=["nice", "-n", "19"]'`.
 *
 * @module
 */
import {
  ConfigError,
  type Driver,
  type DriverContext,
  DriverError,
  type Fleet,
  type FleetEvent,
  type FleetSpec,
  type HostedChannel,
  localWorker,
  MessageQueue,
  type Replacement,
  type StopOptions,
  type WorkerErrorReport,
  type WorkerStatus,
} from "../core/driver.ts";

/** The driver. */
export const driver: Driver = {
  kind: "CW_PREFIX",
  computeWorkersReadDefault: true,
  inProcess: false,
  supportsSingleBlock: false,
  canInterrupt: true,
  available: () => Promise.resolve({ available: true }),
  async start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
    const prefix = prefixOf(spec.extraParams);
    return new PrefixFleet(spec, { prefix, channel: await context.openChannel("machine") });
  },
};

/** A worker that is told to end finishes its block, hands the others back and goes; after this long it is killed. */
const PATIENCE_MS = 5000;

function prefixOf({ prefix = [], ...others }: Readonly<Record<string, unknown>>): string[] {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new ConfigError(`CW_PREFIX has no parameter '${unknown}': it has prefix`);
  if (Array.isArray(prefix) && prefix.every((word) => typeof word === "string")) return prefix;
  throw new ConfigError(`CW_PREFIX's prefix must be a list of words, such as ["nice", "-n", "19"]`);
}

interface Started {
  readonly child: Deno.ChildProcess;
  readonly gone: Promise<void>;
  status: WorkerStatus;
}

class PrefixFleet implements Fleet {
  readonly events = new MessageQueue<FleetEvent>();
  readonly #spec: FleetSpec;
  readonly #channel: HostedChannel;
  readonly #prefix: readonly string[];
  readonly #started = new Map<number, Started>();

  constructor(spec: FleetSpec, { prefix, channel }: { prefix: readonly string[]; channel: HostedChannel }) {
    this.#spec = spec;
    this.#channel = channel;
    this.#prefix = prefix;
    for (let worker = 0; worker < spec.workers; worker++) this.#start(worker);
  }

  workers(): WorkerStatus[] {
    return [...this.#started.values()].map(({ status }) => status);
  }

  async replace(worker: number, signal: AbortSignal): Promise<Replacement> {
    await this.#end(worker, "SIGKILL");
    if (signal.aborted) return { replaced: false, reason: "the run is over" };
    this.#start(worker);
    return { replaced: true };
  }

  async stop({ finished }: StopOptions): Promise<WorkerErrorReport[]> {
    // Workers that were told to finish end by themselves.
    if (!finished) { for (const worker of this.#started.keys()) void this.#end(worker, "SIGTERM"); }
    const patience = setTimeout(() => {
      for (const worker of this.#started.keys()) void this.#end(worker, "SIGKILL");
    }, PATIENCE_MS);
    await Promise.all([...this.#started.values()].map(({ gone }) => gone));
    clearTimeout(patience);
    this.events.close();
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ finished: false });
  }

  #start(worker: number): void {
    const { command, env, input } = localWorker(worker, this.#spec, this.#channel);
    const [program, ...args] = [...this.#prefix, ...command];
    const child = spawn(program!, { args, env, stdin: "piped", stdout: "null", stderr: "piped" });
    // Kept open for as long as the worker is wanted: it ends with its standard input, so that none outlives this program.
    const lifeline = child.stdin.getWriter();
    lifeline.write(new TextEncoder().encode(input)).catch(
      () => {/* It has ended already, and that is told. */},
    );
    const nativeId = String(child.pid);
    // A queue would say "queued" or "starting" here, and "running" when its job runs.
    const status: WorkerStatus = { worker, state: "running", nativeId };
    this.#started.set(worker, { child, gone: this.#watch(worker, child, lifeline), status });
    this.events.push({ type: "started", worker, nativeId, host: Deno.hostname() });
  }

  async #watch(
    worker: number,
    child: Deno.ChildProcess,
    lifeline: WritableStreamDefaultWriter,
  ): Promise<void> {
    const [said, { code, signal }] = await Promise.all([new Response(child.stderr).text(), child.status]);
    await lifeline.abort().catch(() => {/* Its other end is gone with the worker. */});
    const reason = signal === null ? `exit status ${code}` : `killed by ${signal}`;
    const nativeId = String(child.pid);
    this.#started.get(worker)!.status = { worker, state: "ended", nativeId, reason };
    this.events.push({
      ...{ type: "ended", worker, nativeId, cause: signal === null ? "exit" : "killed", exitCode: code },
      logTail: `${reason}: ${said.slice(-2000)}`,
    });
  }

  async #end(worker: number, how: Deno.Signal): Promise<void> {
    const started = this.#started.get(worker);
    try {
      if (started?.status.state === "running") started.child.kill(how);
    } catch (error) {
      // It has ended in between, which is what was wanted.
      if (!(error instanceof TypeError)) throw error;
    }
    await started?.gone;
  }
}

function spawn(program: string, options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command(program, options).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DriverError(`There is no program '${program}': change CW_PREFIX's prefix`, { cause: error });
  }
}
