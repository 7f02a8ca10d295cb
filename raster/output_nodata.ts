/**
 * Whether an output's pixels can have its nodata value.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import type { DataType } from "./data_type.ts";
import { nodataChoice, nodataOfType, nodataWord } from "./nodata_pixel.ts";
import { outputLabel, type OutputPlan } from "./raster_job.ts";

/**
 * Refuses a nodata value that no pixel of an output can have.
 *
 * @param dataType the output's pixel type, as the user or the first block has fixed it.
 * @throws {ConfigError} naming output, type and value.
 */
export function requireOutputNodata(
  plan: Pick<OutputPlan, "name" | "index" | "layout">,
  dataType: DataType,
): void {
  const { layout: { nodata }, name } = plan;
  if (nodata === null || nodataOfType(nodata, dataType) !== undefined) return;
  throw new ConfigError(
    `Output '${outputLabel(plan)}' is ${dataType}, which can't hold its nodata value ${
      nodataWord(nodata)
    }: ` +
      `give --nodata ${name}:VALUE (outputNoData), ${nodataChoice(dataType)}`,
  );
}
