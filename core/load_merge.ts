/**
 * The user's function that merges other args, which runs in this process.
 *
 * @module
 */
import { slowLoading } from "./loading_watch.ts";
import { patiently } from "./patience.ts";
import {
  describeUserFunction,
  type LoadedUserFunction,
  loadUserFunction,
  type UserFunctionSpec,
} from "./worker/user_function.ts";

/** Whom loading concerns. */
export interface LoadMergeOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Hears that loading takes long. */
  readonly onNotice: (line: string) => void;
}

/**
 * Loads a user's module here, and gives its `mergeOtherArgs`, if it exports one.
 *
 * @throws {ConfigError} if it can't be loaded.
 * @throws {AbortedError} if `signal` is aborted.
 */
export async function loadMerge(
  spec: UserFunctionSpec,
  { signal, onNotice }: LoadMergeOptions,
): Promise<LoadedUserFunction["mergeOtherArgs"]> {
  const { mergeOtherArgs } = await patiently(loadUserFunction(spec), {
    signal,
    onSlow: (seconds) =>
      onNotice(`To see whether it merges otherArgs: ${slowLoading(describeUserFunction(spec), seconds)}`),
  });
  return mergeOtherArgs;
}
