/**
 * The shape of what a worker sends back for a block, whatever the worker is.
 *
 * @module
 */
import { BlockfleetError } from "../core/errors.ts";
import type { Payload } from "../core/payload.ts";
import { isDataType } from "./data_type.ts";
import type { RasterResult } from "./raster_job.ts";

/**
 * Takes a payload for a block's result. How many tiles a block has, and their lengths, the writer checks.
 *
 * @param outputs how many there must be.
 * @throws {BlockfleetError} if it is none.
 */
export function checkResult({ header, parts }: Payload, outputs: number): RasterResult {
  const result = header as Partial<RasterResult> | null;
  const list: unknown = typeof result === "object" ? result?.outputs : undefined;
  if (!Array.isArray(list) || list.length !== outputs || parts.length < outputs) {
    throw new BlockfleetError(`A worker sent something else where a result of ${outputs} output(s) is due`);
  }
  for (const item of list as readonly Partial<RasterResult["outputs"][number]>[]) {
    const { type, bands, lengths, crcs } = item ?? {};
    const isOne = typeof type === "string" && isDataType(type) && Number.isSafeInteger(bands) &&
      bands! >= 1 &&
      lengths instanceof Uint32Array && crcs instanceof Uint32Array && lengths.length === crcs.length;
    if (!isOne) throw new BlockfleetError("A worker sent a result whose type, bands or tiles are none");
  }
  return result as RasterResult;
}
