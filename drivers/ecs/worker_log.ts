/**
 * Where workers' containers log.
 *
 * @module
 */
import type { ContainerDefinition, Task } from "@aws-sdk/client-ecs";
import type { LogPlace } from "../aws/log_tails.ts";

/** What a task definition says of a container's log in CloudWatch. */
export interface LogSetting {
  /** The log group. */
  readonly group: string;
  /** What the names of its streams begin with, if anything. */
  readonly prefix?: string | undefined;
  /** The region, where it is said. */
  readonly region?: string | undefined;
}

/** A container's log in CloudWatch, if it has one. */
export function logSettingOf(container: ContainerDefinition | undefined): LogSetting | undefined {
  const { logDriver, options } = container?.logConfiguration ?? {};
  const group = options?.["awslogs-group"];
  if (logDriver !== "awslogs" || group === undefined) return undefined;
  return { group, prefix: options?.["awslogs-stream-prefix"], region: options?.["awslogs-region"] };
}

/**
 * Where the worker's container of a task has logged: `PREFIX/CONTAINER/TASK`, or Docker's id of the container
 * where there is no prefix ("Send Amazon ECS logs to CloudWatch", Amazon ECS Developer Guide).
 */
export function logPlaceOf(
  { taskArn, containers }: Task,
  setting: LogSetting | undefined,
  containerName: string,
): LogPlace | undefined {
  if (setting === undefined) return undefined;
  const { group, prefix, region } = setting;
  const stream = prefix
    ? `${prefix}/${containerName}/${taskArn?.split("/").at(-1)}`
    : containers?.find(({ name }) => name === containerName)?.runtimeId;
  return stream === undefined ? undefined : { group, stream, region };
}
