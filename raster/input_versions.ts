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
import { sidecarDigest } from "./sidecars/sidecar_digest.ts";
import { findSidecarFacts } from "./sidecars/sidecar_facts.ts";
import { LocalSiblings } from "./sidecars/sibling_files.ts";
import { hasChanged, InputChangedError, isSameVersion } from "./source/version.ts";

/** Files that are looked at together. */
const AT_ONCE = 16;

/**
 * Makes sure that no local input was overwritten under the hands of those who read it: the output would hold a bit of
 * the old and a bit of the new, or be laid out by what a file beside it said no more. An input that is gone was read
 * whole; those of servers are checked with every answer.
 *
 * @throws {InputChangedError} naming the file that has changed.
 * @throws {RasterError} if one can't be looked at.
 */
export async function checkInputsUnchanged(inputs: readonly InputPlan[]): Promise<void> {
  const local = inputs.flatMap(({ files }) => files).filter(({ location }) => !isRemote(location));
  const siblings = new LocalSiblings(local.length);
  for (let at = 0; at < local.length; at += AT_ONCE) {
    await allOf(local.slice(at, at + AT_ONCE).map((file) => checkUnchanged(file, siblings)));
  }
}

async function checkUnchanged(file: InputFile, siblings: LocalSiblings): Promise<void> {
  const { location, openAs, version, beside } = file;
  try {
    await using source = await openByteSource(openAs, { name: readableLocation(location) });
    if (!isSameVersion(source.version, version)) throw hasChanged(location);
  } catch (error) {
    if (error instanceof RasterError && error.cause instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (beside?.path === undefined) return;
  const facts = await findSidecarFacts(siblings, beside.path, {
    hasPlace: beside.hasPlace,
    lookForOthers: false,
  });
  if (await sidecarDigest(facts) === beside.version) return;
  throw new InputChangedError(
    `What lies beside '${location}' and says where it is, or what its pixels mean, has changed since the run ` +
      "began: run it again",
  );
}
