/**
 * What there is on this machine to measure with and against. What is missing is said, with a reason.
 *
 * @module
 */
import { join } from "@std/path";
import { gdalMissing, gdalVersion, runPython } from "../tests/gdal.ts";

/** A tool, or why it is not here. */
export type Found = { readonly path: string; readonly version: string } | { readonly missing: string };

/** The tools that benchmarks use. */
export interface Tools {
  /** Python with GDAL and numpy. */
  readonly gdalPython: Found;
  /** GDAL's command that makes scenes out of real ones. */
  readonly gdalTranslate: Found;
  /** RIOS's folder. */
  readonly rios: Found;
  /** GNU time, for CPU time and memory. */
  readonly gnuTime: Found;
}

/** Looks for all of them. */
export async function findTools(): Promise<Tools> {
  const gdalPython = await findGdalPython();
  return {
    gdalPython,
    gdalTranslate: await probe("gdal_translate", ["--version"], "gdal_translate (Debian: gdal-bin)"),
    rios: await findRios(gdalPython),
    gnuTime: await probe("/usr/bin/time", ["-f", "%M", "true"], "GNU time (Debian: time)"),
  };
}

/** A tool's path, or undefined. */
export function pathOf(tool: Found): string | undefined {
  return "missing" in tool ? undefined : tool.path;
}

async function findGdalPython(): Promise<Found> {
  if (gdalMissing !== false) return { missing: gdalMissing };
  const path = (await runPython("import sys; print(sys.executable)")).trim();
  return { path, version: gdalVersion };
}

async function findRios(gdalPython: Found): Promise<Found> {
  if ("missing" in gdalPython) return { missing: `RIOS ${gdalPython.missing}` };
  const home = Deno.env.get("RIOS_HOME");
  if (home === undefined) return { missing: "RIOS_HOME names no checkout of RIOS" };
  try {
    const source = await Deno.readTextFile(join(home, "rios", "__init__.py"));
    return { path: home, version: /RIOS_VERSION\s*=\s*['"]([^'"]+)/.exec(source)?.[1] ?? "unknown" };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { missing: `RIOS_HOME '${home}' holds no rios/__init__.py` };
    }
    throw error;
  }
}

async function probe(path: string, args: readonly string[], name: string): Promise<Found> {
  try {
    const { success, stdout } = await new Deno.Command(path, { args: [...args], stderr: "null" }).output();
    if (success) return { path, version: new TextDecoder().decode(stdout).trim() };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { missing: `needs ${name}` };
}
