/**
 * How what a run has left is looked for, one type of thing at a time.
 *
 * @module
 */
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { Belonging, EcsThingType } from "./belongings.ts";
import type { EcsTimes } from "./ecs_times.ts";

/** What looking takes. */
export interface FindOptions {
  /** Calls AWS in the region of the things. */
  readonly caller: AwsCaller;
  /** The run. */
  readonly runId: string;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** Whether what is known to have been made is taken to be there still, as by a run that ends its own. */
  readonly isOwn: boolean;
}

/** What one look showed. */
export interface Sight<Found> {
  /** What is there. */
  readonly found: Found;
  /** Whether nothing that may be there was missing; else a later look may show more. */
  readonly isComplete: boolean;
}

/** Looks for the things of one type. */
export interface Seeker<Found> {
  /** Which. */
  readonly type: EcsThingType;
  /** What the answers to the calls that made things have said; where AWS won't say more, that has to do. */
  known(things: readonly Belonging[]): Found;
  /**
   * Looks once.
   *
   * @throws {AwsError} if AWS can't be asked.
   */
  look(things: readonly Belonging[], options: FindOptions): Promise<Sight<Found>>;
}

/** Whether a thing's own word is enough. */
export function isSure({ state }: Belonging, { isOwn }: Pick<FindOptions, "isOwn">): boolean {
  return isOwn && state === "made";
}

/** Things by the cluster that they are in, "" for the default one. */
export function byCluster(things: readonly Belonging[]): Map<string, Belonging[]> {
  return Map.groupBy(things, ({ data }) => data.cluster ?? "");
}

/** A cluster as an input has it: the default one has no name. */
export function inCluster(cluster: string): { cluster?: string } {
  return cluster === "" ? {} : { cluster };
}

/** Whether AWS said that something is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof AwsError && error.kind === "missing";
}
