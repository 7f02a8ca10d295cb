/**
 * `CW_OTHER_HOST`: workers in another network namespace, as a driver for a cluster starts them on other hosts. Its extra
 * parameter is the `namespace`. It replaces nobody, and stops workers only by the channel: what has lost its manager has to
 * end by itself.
 *
 * @module
 */
import type { Driver, DriverContext, Fleet, FleetEvent, FleetSpec, WorkerStatus } from "../../core/driver.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import { workerCommand } from "../../core/worker_command.ts";

/** The driver. */
export const driver: Driver = {
  kind: "CW_OTHER_HOST",
  computeWorkersReadDefault: true,
  inProcess: false,
  supportsSingleBlock: false,
  canInterrupt: true,
  available: () => Promise.resolve({ available: true }),
  start,
};

async function start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
  const channel = await context.openChannel("network");
  const events = new MessageQueue<FleetEvent>();
  const statuses: WorkerStatus[] = [];
  const children = Array.from({ length: spec.workers }, (_, worker) => {
    const [program, ...first] = workerCommand(undefined, []);
    const child = new Deno.Command("ip", {
      args: [
        ...["netns", "exec", String(spec.extraParams["namespace"]), program!, ...first],
        ...channel.workerArguments,
        ...["-i", String(worker)],
      ],
      env: { ...channel.workerEnvironment },
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
    const nativeId = String(child.pid);
    statuses[worker] = { worker, nativeId, state: "running" };
    events.push({ type: "started", worker, nativeId, host: Deno.hostname() });
    return { child, ended: watch(child, worker) };
  });

  async function watch(child: Deno.ChildProcess, worker: number): Promise<void> {
    const { code } = await child.status;
    statuses[worker] = { worker, nativeId: String(child.pid), state: "ended", reason: `exit status ${code}` };
    events.push({ type: "ended", worker, nativeId: String(child.pid), cause: "exit", exitCode: code });
  }

  async function stop() {
    await Promise.all(children.map(({ ended }) => ended));
    events.close();
    return [];
  }

  return {
    events,
    stop,
    workers: () => statuses,
    replace: () => Promise.resolve({ replaced: false, reason: "the other host is out of reach" }),
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}
