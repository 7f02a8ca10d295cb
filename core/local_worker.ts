/**
 * How a worker is started as a process of this machine.
 *
 * @module
 */
import { QUIET } from "./deno_helper.ts";
import type { FleetSpec, HostedChannel } from "./driver.ts";
import { workerCommand } from "./worker_command.ts";

/** The manager listens before such a worker is started: refusals for so long say that it is gone, seconds. */
const REFUSED_SECONDS = 5;

/** What starts one worker as a process. */
export interface LocalWorker {
  /** The program and its arguments; no secret is among them. */
  readonly command: readonly [string, ...string[]];
  /** Variables that it must find in its environment; none is secret. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * What must be written to its standard input, which must be a pipe that stays open: the run's key. The worker ends as
   * soon as that pipe is closed, as it is when the manager's process ends.
   */
  readonly input: string;
}

/**
 * The command of worker number `worker`, for a process on this machine or on one that has the same files at the same
 * paths. It may do what the run's permissions say, calls itself by its process id, and ends by itself once its manager
 * is done or gone, at once if the manager's process dies.
 */
export function localWorker(worker: number, spec: FleetSpec, channel: HostedChannel): LocalWorker {
  const { hosts, port } = channel;
  const { net, everything, flags } = spec.access;
  const access = { ...spec.access, net: [...hosts.map((host) => `${host}:${port}`), ...net] };
  const [program, ...first] = workerCommand(everything ? undefined : access, flags);
  const [key] = Object.values(channel.workerEnvironment);
  return {
    command: [
      program!,
      ...first,
      ...channel.workerArguments,
      // Not in the environment, which /proc shows for as long as the process lives.
      ...["--stdin-key", "--end-with-stdin"],
      ...["-i", String(worker), "--threads", String(spec.threadsPerWorker)],
      ...["--refused-timeout", String(REFUSED_SECONDS)],
      // This program may itself be a job, whose id is in the environment.
      ...["--native-id", "pid"],
    ],
    env: QUIET,
    input: `${key}\n`,
  };
}
