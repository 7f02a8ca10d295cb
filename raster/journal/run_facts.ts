/**
 * What of a run decides its outputs: a resumed run must have the same.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { relative } from "@std/path/relative";
import { payloadToBytes } from "../../core/journal/payload_bytes.ts";
import { plainText } from "../../core/journal/plain_text.ts";
import type { Payload } from "../../core/payload.ts";
import type { BlockGrid } from "../block_list.ts";
import type { PlannedFile } from "../plan_outputs.ts";
import type { PixelGrid } from "../pixel_grid.ts";
import type { InputFile, InputPlan } from "../raster_job.ts";
import { isFileUrl, isRemote } from "../source/location.ts";
import { isSameVersion } from "../source/version.ts";

/** Facts by what they are, in words; kind, workers, timeouts and display are none. */
export type RunFacts = Readonly<Record<string, string>>;

/** What the facts are made from. */
export interface RunFactsSource {
  /** The working grid. */
  readonly workinggrid: PixelGrid;
  /** The blocks. */
  readonly blocks: BlockGrid;
  /** Margin around each block, pixels. */
  readonly overlap: number;
  /** The inputs. */
  readonly inputs: readonly InputPlan[];
  /** The outputs. */
  readonly files: readonly PlannedFile[];
  /** Other args, packed; undefined if the user gave none. */
  readonly otherArgs: Payload | undefined;
  /** What identifies the user function and all its code: an export's name and SHA-256. */
  readonly userFunction: string;
}

/** How the facts of inputs' versions begin. */
const VERSION_OF = "the size and time (or ETag) of ";

/** Longer values are of no use in an error. */
const MOST_SHOWN = 250;

/** The facts of a run. */
export async function runFacts(source: RunFactsSource): Promise<RunFacts> {
  const { workinggrid: { ncols, nrows, geotransform, geoKeys, wkt }, blocks, overlap } = source;
  const facts: Record<string, string> = {
    "the working grid": `${ncols} x ${nrows} pixels, geotransform [${geotransform.join(", ")}]`,
    "the coordinate system": plainText(wkt ?? geoKeys),
    "the window": `${blocks.windowxsize} x ${blocks.windowysize}`,
    "the overlap": String(overlap),
  };
  for (const { name, isList, files } of source.inputs) {
    for (const [index, file] of files.entries()) {
      const input = isList ? `input ${name}[${index}]` : `input ${name}`;
      const location = placeOf(file);
      facts[input] = location;
      facts[`${VERSION_OF}${input}`] = `${location} ${file.version}`;
      facts[`the layers of ${input}`] = file.layers.join(",");
      facts[`the nodata value of ${input}`] = plainText(sameForAll(file.nodata));
      // Of files that say nothing it is left out, as it was before they were looked at.
      const besides = file.beside?.version;
      if (besides) facts[`what lies beside ${input}`] = `SHA-256 ${besides}`;
    }
  }
  for (const { label, plan, spec } of source.files) {
    const { nodata, width: _width, height: _height, ...layout } = plan.layout;
    for (const [option, value] of Object.entries(layout)) {
      facts[`the creation option ${option} of output ${label}`] = plainText(value);
    }
    facts[`the nodata value of output ${label}`] = plainText(nodata);
    facts[`the type of output ${label}`] = plan.dataType ?? "that of the first block";
    facts[`the band names of output ${label}`] = plainText(spec.bandNames ?? []);
  }
  const { otherArgs } = source;
  facts["otherArgs"] = otherArgs ? `SHA-256 ${await sha256(payloadToBytes(otherArgs))}` : "none";
  facts["the user function"] = source.userFunction;
  return facts;
}

/** Where the outputs are, told from the journal's place, so that their folder may be moved. */
export function placesOf(
  outputs: readonly { readonly name: string; readonly realPath: string }[],
  journal: string,
): RunFacts {
  return Object.fromEntries(
    outputs.map(({ name, realPath }) => [`output ${name}`, `'${relative(dirname(journal), realPath)}'`]),
  );
}

/** The one value that a list repeats, else the list. */
function sameForAll<T>(values: readonly T[]): T | readonly T[] | undefined {
  return values.every((value) => Object.is(value, values[0])) ? values[0] : values;
}

/** What has changed between two runs, in words; empty if nothing has. */
export function differences(then: RunFacts, now: RunFacts): string[] {
  const found: string[] = [];
  const isInBoth = (what: string) => then[what] !== undefined && now[what] !== undefined;
  for (const what of new Set([...Object.keys(then), ...Object.keys(now)])) {
    const [before, after] = [then[what], now[what]];
    if (before === after || isSameVersionFact(what, then, now)) continue;
    // That an input is missing says enough of its layers.
    const whole = what.split(" of ").at(-1)!;
    if (whole !== what && !isInBoth(what) && !isInBoth(whole)) continue;
    if (before === undefined) found.push(`${what} is new`);
    else if (after === undefined) found.push(`${what} is missing`);
    else if (!isShown(before, after)) found.push(`${what} is not the same`);
    else found.push(`${what} was ${before} and is now ${after}`);
  }
  return found;
}

/** Whether a fact is an input's version, and means the same content then and now. */
function isSameVersionFact(what: string, then: RunFacts, now: RunFacts): boolean {
  if (!what.startsWith(VERSION_OF)) return false;
  const input = what.slice(VERSION_OF.length);
  // The input's place stands before its version, and is a fact of its own.
  const [before, after] = [then, now].map((facts) => facts[what]?.slice((facts[input] ?? "").length + 1));
  return before !== undefined && after !== undefined && isSameVersion(before, after);
}

/** Two hashes tell nobody what has changed. */
function isShown(before: string, after: string): boolean {
  const areHashes = [before, after].every((text) => text.includes("SHA-256 "));
  return !areHashes && before.length + after.length <= MOST_SHOWN;
}

/** SHA-256 in lower-case hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Where an input is; of a server's neither credentials nor query, which may be a signature that changes daily. */
function placeOf({ location }: InputFile): string {
  if (isFileUrl(location)) return Deno.realPathSync(new URL(location));
  if (!isRemote(location)) return Deno.realPathSync(location);
  const { origin, pathname } = new URL(location);
  return origin + pathname;
}
