/**
 * Bundling within this program, by esbuild's WebAssembly build: for compiled programs, which have no `deno` to ask
 * and can't import files that are not in them.
 *
 * @module
 */
import { AbortedError, messageOf } from "../errors.ts";
import { ABORTED, type Bundle, type BundleMap, type BundleRequest } from "./bundle.ts";
import { InsideResolver } from "./inside_resolver.ts";
import { shipError } from "./ship_error.ts";
import { readableSource } from "./source_names.ts";
import type * as Esbuild from "esbuild-wasm";

/** What stands for the module itself: in a path esbuild would take a star for a pattern of many files. */
const ENTRY = "blockfleet:entry";
/** Marks errors of imports that are there, but can't be bundled here. */
const OTHER_WAYS = "other ways";

/**
 * Bundles a module of a file with its relative imports, its import map, and packages in node_modules folders.
 *
 * @throws {ConfigError} if it can't be bundled: the reason with file, line and column; anything else that it imports
 *   (https:, jsr:, Deno's cache of npm packages) is refused by name.
 */
export async function bundleInside({ entry, name, external, signal }: BundleRequest): Promise<Bundle> {
  if (entry.protocol !== "file:") {
    throw shipError(name, `only files can be bundled inside this program, and it is ${entry.protocol}`);
  }
  const folder = readableSource(new URL(".", entry).href);
  const resolver = await InsideResolver.create(entry);
  if (signal?.aborted) throw new AbortedError(ABORTED);
  try {
    const result = await build({
      entryPoints: [ENTRY],
      absWorkingDir: folder,
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "esnext",
      charset: "utf8",
      write: false,
      outfile: "bundle.js",
      sourcemap: "external",
      sourcesContent: false,
      logLevel: "silent",
      plugins: [filesPlugin(readableSource(entry.href), resolver, new Set(external))],
    });
    const [text, map] = [".js", ".js.map"].map((end) =>
      result.outputFiles!.find(({ path }) => path.endsWith(`bundle${end}`))!.text
    );
    return { ...withRequire(nodeDefaults(text!), JSON.parse(map!) as BundleMap), folder };
  } catch (error) {
    const first = (error as { errors?: Esbuild.Message[] }).errors?.[0];
    if (first === undefined) throw shipError(name, messageOf(error), { cause: error });
    const { location, text } = first;
    const place = location === null
      ? ""
      : ` at ${placeOf(location.file, entry)}:${location.line}:${location.column + 1}`;
    throw shipError(name, `${messageOf(text).replace(/\.$/, "")}${place}`, {
      cause: error,
      otherWays: first.detail === OTHER_WAYS,
    });
  }
}

/** A file that esbuild names by its path from the module's folder. */
function placeOf(path: string, entry: URL): string {
  return readableSource(new URL(`./${path.split("/").map(encodeURIComponent).join("/")}`, entry).href);
}

/**
 * Makes the default export of a CommonJS module what it is in Deno, as Deno's bundler does: all that it exports, and
 * not its `default`.
 */
function nodeDefaults(text: string): string {
  return text.replace("isNodeMode || !mod || !mod.__esModule ?", "true ?");
}

/** Gives CommonJS modules that ask for Node's own a `require` for them, as Deno's bundler does. */
function withRequire(text: string, map: BundleMap): { text: string; map: BundleMap } {
  if (!/\b__require\(/.test(text)) return { text, map };
  const lines = [
    'import { createRequire as __blockfleet_createRequire } from "node:module";',
    'var require = __blockfleet_createRequire("file:///");',
  ];
  // A semicolon is a line without segments.
  return {
    text: [...lines, text].join("\n"),
    map: { ...map, mappings: ";".repeat(lines.length) + map.mappings },
  };
}

/** Hands esbuild the files, which its WebAssembly build can't read. */
function filesPlugin(
  entry: string,
  resolver: InsideResolver,
  external: ReadonlySet<string>,
): Esbuild.Plugin {
  return {
    name: "blockfleet-files",
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (external.has(args.path)) return { path: args.path, external: true };
        if (args.kind === "entry-point") return { path: entry, namespace: "file" };
        const found = await resolver.resolve(args.path, args.importer, args.kind.startsWith("require"));
        if ("problem" in found) {
          return { errors: [{ text: found.problem, detail: found.otherWays ? OTHER_WAYS : undefined }] };
        }
        return "builtin" in found
          ? { path: found.builtin, external: true }
          : { path: found.path, namespace: "file", pluginData: args.with, sideEffects: found.sideEffects };
      });
      build.onLoad({ filter: /.*/ }, async ({ path, with: attributes }) => {
        const loader = loaderOf(path, attributes["type"]);
        if (loader === undefined) {
          return {
            errors: [{ text: `'${path}' is not JavaScript, TypeScript or JSON`, detail: OTHER_WAYS }],
          };
        }
        try {
          return { contents: await Deno.readFile(path), loader };
        } catch (error) {
          return { errors: [{ text: `Cannot read '${path}': ${messageOf(error)}` }] };
        }
      });
    },
  };
}

function loaderOf(path: string, type: string | undefined): Esbuild.Loader | undefined {
  if (type === "text") return "text";
  if (type === "bytes") return "binary";
  const end = /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? "";
  if ([".ts", ".mts", ".cts"].includes(end)) return "ts";
  if ([".js", ".mjs", ".cjs"].includes(end)) return "js";
  return end === ".json" ? "json" : undefined;
}

let compiled: Promise<WebAssembly.Module> | undefined;
let turn: Promise<unknown> = Promise.resolve();

/** Runs one build; one at a time, as esbuild is stopped after each: it would go on with timers of its own. */
async function build(options: Esbuild.BuildOptions): Promise<Esbuild.BuildResult> {
  const before = turn;
  const { promise, resolve } = Promise.withResolvers<void>();
  turn = promise;
  await before;
  try {
    const esbuild = await import("esbuild-wasm/esm/browser.js") as unknown as typeof Esbuild;
    const wasmModule = await (compiled ??= compileEsbuild());
    await esbuild.initialize({ wasmModule, worker: false });
    try {
      return await esbuild.build(options);
    } finally {
      await esbuild.stop();
    }
  } finally {
    resolve();
  }
}

async function compileEsbuild(): Promise<WebAssembly.Module> {
  const url = import.meta.resolve("esbuild-wasm/esbuild.wasm");
  return await WebAssembly.compile(await Deno.readFile(new URL(url)));
}
