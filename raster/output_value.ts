/**
 * What the user function assigned to an output, checked.
 *
 * @module
 */
import { BlockfleetError } from "../core/errors.ts";
import type { BlockOutputs } from "./apply_options.ts";
import { type DataType, dataTypeOf, type PixelArray } from "./data_type.ts";
import { outputLabel, type OutputPlan } from "./raster_job.ts";

/** The pixels of one output and block, margin included. */
export interface OutputPixels {
  /** The pixels: (bands, rows, cols). */
  readonly data: PixelArray;
  /** Their type. */
  readonly type: DataType;
  /** Bands. */
  readonly bands: number;
}

/** Rows and columns of a block, margin included. */
export interface BlockShape {
  /** Rows. */
  readonly rows: number;
  /** Columns. */
  readonly cols: number;
}

/**
 * The pixels that were assigned to an output.
 *
 * @throws {BlockfleetError} if nothing was, or something of another length or kind; it says what was expected.
 */
export function outputPixels(outputs: BlockOutputs, plan: OutputPlan, shape: BlockShape): OutputPixels {
  const label = `outputs.${outputLabel(plan)}`;
  if (!Object.hasOwn(outputs, plan.name)) {
    throw refuse(`The user function never assigned outputs.${plan.name}`);
  }
  const assigned = outputs[plan.name];
  let value: unknown = assigned;
  if (plan.index !== undefined) {
    if (!Array.isArray(assigned)) throw refuse(`outputs.${plan.name} must be a list, one entry a file`);
    value = assigned[plan.index];
    if (value === undefined) throw refuse(`The user function never assigned ${label}`);
  }
  const { data, bands } = dataAndBands(value, label);
  const type = dataTypeOf(data);
  if (!type) {
    const what = ArrayBuffer.isView(data)
      ? Object.prototype.toString.call(data).slice(8, -1)
      : describe(data);
    throw refuse(`${label} must hold a typed array of pixels, not ${what}`);
  }
  const pixels = shape.rows * shape.cols;
  const { length } = data as PixelArray;
  if (length !== bands * pixels) {
    const size = `${shape.rows} rows x ${shape.cols} columns`;
    const hint = bands === 1 && length > 0 && length % pixels === 0
      ? `; for ${length / pixels} bands assign { data, bands: ${length / pixels} }`
      : "";
    throw refuse(
      `${label} has ${length} pixels, but ${bands} band(s) of ${size}, margin included, are ${
        bands * pixels
      }${hint}`,
    );
  }
  if (plan.dataType !== undefined && plan.dataType !== type) {
    const fixed = `${label} is ${type}, but its type was fixed as ${plan.dataType}`;
    throw refuse(`${fixed}: convert it in the user function, or change outputType (--type)`);
  }
  return { data: data as PixelArray, type, bands };
}

/**
 * Refuses names that are no output's, which are mostly misspelt.
 *
 * @throws {BlockfleetError} if one was assigned.
 */
export function checkOutputNames(outputs: BlockOutputs, names: ReadonlySet<string>): void {
  for (const name of Object.keys(outputs)) {
    if (!names.has(name)) {
      const known = names.size === 0 ? "there are none" : `the outputs are ${[...names].join(", ")}`;
      throw refuse(`The user function assigned outputs.${name}, which is not an output: ${known}`);
    }
  }
}

function dataAndBands(value: unknown, label: string): { data: unknown; bands: number } {
  if (ArrayBuffer.isView(value)) return { data: value, bands: 1 };
  const { data, bands } = (value ?? {}) as { data?: unknown; bands?: unknown };
  if (data !== undefined && bands === undefined) {
    throw refuse(`${label} has data but no bands: assign { data, bands: N }, or for one band the data alone`);
  }
  if (!Number.isSafeInteger(bands) || (bands as number) < 1) {
    throw refuse(
      `${label} must be a typed array, { data, bands } or a RasterBlock, not ${
        data === undefined ? describe(value) : `one with bands = ${String(bands)}`
      }`,
    );
  }
  return { data, bands: bands as number };
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? "a plain list" : `a value of type ${typeof value}`;
}

function refuse(message: string): BlockfleetError {
  return new BlockfleetError(message);
}
