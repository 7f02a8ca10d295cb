/**
 * Bundling with `deno bundle`, which resolves all that the program itself could import: relative files, import maps,
 * npm and JSR packages, JSON.
 *
 * @module
 */
import { runDeno } from "../deno_helper.ts";
import { AbortedError, messageOf } from "../errors.ts";
import { ABORTED, type Bundle, type BundleMap, type BundleRequest } from "./bundle.ts";
import { shipError } from "./ship_error.ts";
import { readableSource } from "./source_names.ts";

const MAP_COMMENT = "//# sourceMappingURL=data:application/json;base64,";

/**
 * Bundles a module in a process of its own, with the configuration (import map, lock file) that is nearest to it.
 *
 * `Deno.bundle()` would do it in this process, but exists only under a flag for unstable features.
 *
 * @returns undefined if there is no bundler: Deno gets it (esbuild) from the npm registry when it is first wanted.
 * @throws {ConfigError} if it can't be bundled: the bundler's reason with file, line and column.
 */
export async function bundleWithDeno(
  { entry, name, external, signal }: BundleRequest,
): Promise<Bundle | undefined> {
  const folder = entry.protocol === "file:" ? readableSource(new URL(".", entry).href) : Deno.cwd();
  const remote = await Deno.permissions.query({ name: "import" });
  const args = [
    "bundle",
    "--quiet",
    "--platform=deno",
    "--format=esm",
    "--sourcemap=inline",
    ...await hasLock(folder) ? [] : ["--no-lock"],
    ...remote.state === "granted" ? ["--allow-import"] : [],
    ...external.map((specifier) => `--external=${specifier}`),
    // esbuild takes a star in the name of what it is to bundle for a pattern of many files.
    entry.href.replaceAll("*", "%2A"),
  ];
  let output: Deno.CommandOutput;
  try {
    output = await runDeno(args, { cwd: folder, signal });
  } catch (error) {
    if (signal?.aborted) throw new AbortedError(ABORTED, { cause: error });
    throw shipError(name, `'deno bundle' can't be started: ${messageOf(error)}`, { cause: error });
  }
  if (signal?.aborted) throw new AbortedError(ABORTED);
  const stdout = new TextDecoder().decode(output.stdout);
  const at = stdout.lastIndexOf(MAP_COMMENT);
  if (!output.success || at < 0) {
    const stderr = new TextDecoder().decode(output.stderr);
    if (/^error: .*@esbuild\//m.test(stderr)) return undefined;
    const { reason, otherWays } = firstError(stderr) ??
      { reason: `'deno bundle' exited with ${output.code}`, otherWays: true };
    throw shipError(name, reason, { otherWays });
  }
  const map = new TextDecoder().decode(Uint8Array.fromBase64(stdout.slice(at + MAP_COMMENT.length).trim()));
  return { text: stdout.slice(0, at), map: JSON.parse(map) as BundleMap, folder };
}

/** True if a project at or above the folder pins versions; Deno would leave a lock file in one that does not. */
async function hasLock(folder: string): Promise<boolean> {
  for (let path = folder.replace(/\/+$/, "");; path = path.slice(0, path.lastIndexOf("/"))) {
    try {
      await Deno.lstat(`${path}/deno.lock`);
      return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) return true;
    }
    if (path === "") return false;
  }
}

/** Of what the bundler says, as much is looked at; characters. */
const MAX_OUTPUT = 50_000;

/**
 * The first of the bundler's errors, in one line with its place. What can't be parsed or found can't be loaded in any other
 * way either.
 */
function firstError(output: string): { reason: string; otherWays: boolean } | undefined {
  // It quotes the user's code, which may be long.
  const stderr = output.slice(0, MAX_OUTPUT);
  const errors = stderr.split(/^error: /m).slice(1).map((text) => text.split("\n\nStack backtrace")[0]!);
  const addon = errors.map((text) => /'(?:[^']*\/)?([^'/]+\.node)'/.exec(text)).find((match) =>
    match !== null
  );
  const chosen = addon?.input ?? errors[0];
  if (chosen === undefined) {
    return stderr.trim() === "" ? undefined : { reason: oneLine(stderr), otherWays: true };
  }
  const place = /^[ \t]+at (\S+?:\d+:\d+)[ \t]*$/m.exec(chosen)?.[1];
  const message = addon === undefined || addon === null
    ? oneLine(chosen.split(/^[ \t]+(?:at \S|\|)/m)[0]!)
    : `it loads the native add-on '${addon[1]}'`;
  const reason = message.replace(
    /^Could not find constraint '(.*)' in the list of packages$/,
    "there is no npm package '$1', or it can't be had from here",
  ) + (place === undefined ? "" : ` at ${readableSource(place)}`);
  return { reason, otherWays: addon !== undefined };
}

function oneLine(text: string): string {
  const line = messageOf(text.replace(/\s+/g, " ").trim()).replace(/\.$/, "");
  return line.replace(
    /["']file:\/\/([^"']*)["']/g,
    (_, path: string) => `'${readableSource(`file://${path}`)}'`,
  );
}
