/**
 * What a run changes in the containers of a task definition that the user wrote, so that they start and log our workers.
 *
 * @module
 */
import type { ContainerDefinition } from "@aws-sdk/client-ecs";
import type { RunName } from "./names.ts";

/** The worker's program in an image that has it on its PATH. */
const PROGRAM = "blockfleet";
/** RIOS's worker, by its name alone or by a path, as a word of its own or in a shell's command. */
const RIOS_PROGRAM = /(?:[^\s"']*\/)?rios_computeworker(?:\.py)?(?![\w.-])/g;

/** Whether a container starts RIOS's worker, which does not know our managers. */
export function startsRios({ entryPoint }: ContainerDefinition): boolean {
  return entryPoint?.some((word) => word.search(RIOS_PROGRAM) >= 0) ?? false;
}

/** The container with our program in the place of RIOS's; what stands before it, such as `/usr/bin/env`, stays. */
export function withOwnProgram(container: ContainerDefinition): ContainerDefinition {
  if (!startsRios(container)) return container;
  return {
    ...container,
    entryPoint: container.entryPoint!.map((word) => word.replace(RIOS_PROGRAM, PROGRAM)),
  };
}

/** The container with the region of its log, if it writes to CloudWatch and does not say in which. */
export function withLogRegion(
  container: ContainerDefinition,
  region: string | undefined,
): ContainerDefinition {
  return region === undefined ? container : withLogOption(container, "awslogs-region", region);
}

/**
 * The container with a prefix for its log streams that bears the name of the run's job, if it writes to CloudWatch and has none:
 * without one Docker's id of the container would be all that a stream is called.
 */
export function withLogPrefix(container: ContainerDefinition, run: RunName): ContainerDefinition {
  return withLogOption(
    container,
    "awslogs-stream-prefix",
    run.jobName ? logStreamPrefix(run.jobName) : `blockfleet/${run.runId}`,
  );
}

/** What the names of a job's log streams begin with. */
export function logStreamPrefix(name: string): string {
  // A stream's name has neither a colon nor an asterisk ("CreateLogStream", CloudWatch Logs API Reference).
  return `blockfleet/${name.replace(/[^A-Za-z0-9_-]+/g, "_")}`;
}

function withLogOption(container: ContainerDefinition, name: string, value: string): ContainerDefinition {
  const log = container.logConfiguration;
  if (log?.logDriver !== "awslogs" || log.options?.[name]) return container;
  return { ...container, logConfiguration: { ...log, options: { ...log.options, [name]: value } } };
}
