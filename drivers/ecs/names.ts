/**
 * Names and tags of what a run makes in ECS.
 *
 * @module
 */
import type { Tag } from "@aws-sdk/client-ecs";

/** The tag that says which run made a thing. */
export const RUN_TAG = "blockfleet:run";
/** The tag with the user's name for the job. */
export const JOB_TAG = "blockfleet:job";
/** The container label that says the same, where tags are not allowed. */
export const RUN_LABEL = "blockfleet.run";

const LONGEST_JOB_NAME = 64;

/**
 * A text that is unique to this run and holds the job's name, for use in names; RIOS's function of this name.
 *
 * @param jobName any text; characters that ECS does not take in names become `_`.
 */
export function makeJobIDstr(jobName?: string): string {
  const unique = crypto.getRandomValues(new Uint8Array(4)).toHex();
  const readable = (jobName ?? "").replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, LONGEST_JOB_NAME);
  return readable === "" ? unique : `${readable}-${unique}`;
}

/** The names of one run's container, task family and cluster. */
export interface EcsNames {
  /** The container. */
  readonly container: string;
  /** The family of the task definition. */
  readonly family: string;
  /** The cluster. */
  readonly cluster: string;
}

/** The names that go with {@linkcode makeJobIDstr}'s text. */
export function ecsNames(jobIdString: string): EcsNames {
  return {
    container: `blockfleet_${jobIdString}_container`,
    family: `blockfleet_${jobIdString}_task`,
    cluster: `blockfleet_${jobIdString}_cluster`,
  };
}

/** What a run is known by in AWS. */
export interface RunName {
  /** Its random id. */
  readonly runId: string;
  /** The user's name for the job. */
  readonly jobName: string | undefined;
}

/** The tags by which a run's things are found, after the user's own. */
export function withRunTags(tags: readonly Tag[] | undefined, { runId, jobName }: RunName): Tag[] {
  const ours: Tag[] = [{ key: RUN_TAG, value: runId }];
  // Letters, digits, spaces and these signs are what AWS takes everywhere ("Tagging AWS resources", naming limits).
  if (jobName) {
    ours.push({ key: JOB_TAG, value: jobName.replace(/[^\p{L}\p{N} _.:/=+@-]/gu, "_").slice(0, 256) });
  }
  const taken = new Set(ours.map(({ key }) => key));
  return [...(tags ?? []).filter(({ key }) => !taken.has(key)), ...ours];
}

/** The value of a tag. */
export function tagValue(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.key === key)?.value;
}
