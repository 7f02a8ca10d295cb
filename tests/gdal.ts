/**
 * GDAL as the other side of comparisons: Python with osgeo, where it is installed. Tests that need it pass
 * `ignore: gdalMissing !== false` and say so in their names through {@linkcode gdalName}.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";

/** The Pythons to try: BLOCKFLEET_PYTHON first, then the system's own (where Debian puts osgeo), then PATH's. */
const CANDIDATES = [Deno.env.get("BLOCKFLEET_PYTHON"), "/usr/bin/python3", "python3"];

const found: { python: string; version: string } | string = findGdal();

function findGdal(): { python: string; version: string } | string {
  for (const python of CANDIDATES) {
    if (!python) continue;
    try {
      const script = "from osgeo import gdal; import numpy; print(gdal.__version__)";
      const { success, stdout } = new Deno.Command(python, { args: ["-c", script], stderr: "null" })
        .outputSync();
      if (success) return { python, version: new TextDecoder().decode(stdout).trim() };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return "needs Python with osgeo.gdal and numpy (Debian: python3-gdal)";
}

/** Why tests against GDAL can't run here, or false if they can. */
export const gdalMissing: string | false = typeof found === "string" ? found : false;

/** GDAL's version, "3.6.2"; "" without GDAL. */
export const gdalVersion: string = typeof found === "string" ? "" : found.version;

/** A test's name, with the reason behind it when the test is skipped for want of GDAL. */
export function gdalName(name: string): string {
  return gdalMissing === false ? name : `${name} (skipped: ${gdalMissing})`;
}

/**
 * Runs Python code with GDAL and gives back what it printed. `args` are `sys.argv[1:]`.
 *
 * @throws {Error} with what it wrote to stderr, if it fails or GDAL is missing.
 */
export async function runPython(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await runPythonWithStderr(script, ...args);
  return stdout;
}

/** As {@linkcode runPython}, with stderr too, where GDAL's warnings go. */
export async function runPythonWithStderr(
  script: string,
  ...args: string[]
): Promise<{ stdout: string; stderr: string }> {
  if (typeof found === "string") throw new Error(found);
  const child = new Deno.Command(found.python, {
    args: ["-", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const output = await child.output();
  const stdout = new TextDecoder().decode(output.stdout);
  const stderr = new TextDecoder().decode(output.stderr);
  if (!output.success) throw new Error(`Python exited with ${output.code}:\n${stderr}`);
  return { stdout, stderr };
}

/** A new temporary folder that is removed with all that is in it when the test is over: `using dir = tempFolder()`. */
export function tempFolder(): Disposable & { readonly path: string; file(name: string): string } {
  const path = Deno.makeTempDirSync({ prefix: "blockfleet_test_" });
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/**
 * The path of one of the shared real files (`data/L7_ETMs.tif`), in BLOCKFLEET_SHARED or `../shared` beside the
 * project; undefined if it is not there.
 */
export function sharedFile(name: string): string | undefined {
  const root = Deno.env.get("BLOCKFLEET_SHARED") ?? fromFileUrl(new URL("../../shared", import.meta.url));
  const path = join(root, name);
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
