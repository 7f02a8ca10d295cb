/**
 * Whether the inputs of a run are still what they were when it was planned.
 *
 * @module
 */
import { allOf } from "../core/all_of.ts";
import { RasterError } from "../core/errors.ts";
import type { InputFile, InputPlan } from "./raster_job.ts";
import { openByteSource } from "./source/byte_source.ts";
import { isRemote, readableLocation } from "./source/location.ts";
import { hasChanged, isSameVersion } from "./source/version.ts";

/** Files that are looked at together. */
const AT_ONCE = 16;

/**
 * Makes sure that no local input was overwritten under the hands of those who read it: the output would hold a bit of
 * the old and a bit of the new. An input that is gone was read whole; those of servers are checked with every answer.
 *
 * @throws {InputChangedError} naming the file that has changed.
 * @throws {RasterError} if one can't be looked at.
 */
export async function checkInputsUnchanged(inputs: readonly InputPlan[]): Promise<void> {
  const local = inputs.flatMap(({ files }) => files).filter(({ location }) => !isRemote(location));
  for (let at = 0; at < local.length; at += AT_ONCE) {
    await allOf(local.slice(at, at + AT_ONCE).map(checkUnchanged));
  }
}

async function checkUnchanged({ location, openAs, version }: InputFile): Promise<void> {
  try {
    await using source = await openByteSource(openAs, { name: readableLocation(location) });
    if (isSameVersion(source.version, version)) return;
  } catch (error) {
    if (error instanceof RasterError && error.cause instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw hasChanged(location);
}
