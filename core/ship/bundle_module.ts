/**
 * Making one text of a user's module and all that it imports.
 *
 * @module
 */
import { ConfigError, messageOf } from "../errors.ts";
import { readUtf8File } from "../utf8_file.ts";
import type { Bundle, BundleRequest } from "./bundle.ts";
import { type MainOnlyParts, mainOnlyParts } from "./main_only.ts";
import { ShipError, shipError } from "./ship_error.ts";
import { makeShippedCode, type ShippedCode } from "./shipped_code.ts";
import { samePlaceMap } from "./source_map.ts";
import { readableSource } from "./source_names.ts";
import { stripTypes } from "./strip_types.ts";
import { literalString, type ParsedModule, parseModule, type SyntaxNode, visitNodes } from "./syntax_tree.ts";
import { applyEdits, type TextEdit } from "./text_edit.ts";
import { findUnshippable } from "./unshippable.ts";
import { getLineInfo } from "acorn";

/** How a module is bundled. */
export interface BundleModuleOptions {
  /**
   * `deno`: by `deno bundle` in a process of its own; `inside`: by a bundler within this program, which finds
   * relative files and packages in node_modules folders only. The default is `deno` where there is one: not in a
   * compiled program, not without the permission to run it, and not where Deno can't get its bundler.
   */
  readonly bundler?: "deno" | "inside" | undefined;
  /** Ends the bundler. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes one text of a module and all that it imports.
 *
 * A module that imports nothing (types aside) is shipped as it is, its types blanked out; any other goes through a
 * bundler. `if (import.meta.main)` blocks, and what only they use, stay behind.
 *
 * @param url the module's absolute URL, without the export's name.
 * @throws {ConfigError} if the module or what it imports can't be read, found or parsed, or uses what a worker does
 *   not have; with file, line and column where there are.
 */
export async function bundleModule(url: URL, options: BundleModuleOptions = {}): Promise<ShippedCode> {
  const name = url.protocol === "data:" || url.protocol === "blob:"
    ? `${url.protocol} module`
    : readableSource(url.href);
  const text = await readPlain(url, name);
  const plain = text === undefined ? undefined : await lookAtPlain(text, !/\.m?js$/.test(url.pathname));
  if (plain !== undefined && plain.imports.every((specifier) => specifier?.startsWith("node:"))) {
    return await shipPlain(plain, sourceOf(url), name);
  }
  if (url.protocol === "data:" || url.protocol === "blob:") {
    throw shipError(name, "it imports others, and there is no place from which to look for them");
  }
  const external = (plain?.parts.specifiers ?? []).filter((specifier) => !plain!.imports.includes(specifier));
  const bundled = await bundle({ entry: url, name, external, signal: options.signal }, options.bundler);
  const { finishBundle } = await import("./finish_bundle.ts");
  return await finishBundle(bundled, name);
}

/**
 * Makes shipped code of a module's text that imports nothing, such as that of a function given as a value.
 *
 * @param text the text of a JavaScript module.
 * @param source the absolute URL that positions in stacks name: `function:NAME`.
 * @param firstColumn how many columns of the first line stand before the source's own.
 */
export async function shipText(text: string, source: string, firstColumn: number): Promise<ShippedCode> {
  const module = parseModule(text);
  if (module === undefined) throw new ConfigError(`The text of '${source}' is no JavaScript module`);
  return await makeShippedCode(text, samePlaceMap(module, source, firstColumn));
}

/** A module that may need no bundler. */
interface PlainModule {
  /** Its text as JavaScript, without what only the main program needs. */
  readonly module: ParsedModule;
  /** What was left out. */
  readonly parts: MainOnlyParts;
  /** What it imports; undefined where only running tells. */
  readonly imports: readonly (string | undefined)[];
}

async function lookAtPlain(text: string, isTypeScript: boolean): Promise<PlainModule | undefined> {
  const stripped = isTypeScript ? await stripTypes(text) : text;
  const whole = stripped === undefined ? undefined : parseModule(stripped);
  if (whole === undefined) return undefined;
  const parts = await mainOnlyParts(whole, isTypeScript);
  // The first such comment of a text would be taken for its map, or for its name.
  const markers: TextEdit[] = whole.comments.filter(({ value }) =>
    /^[#@]\s*source(MappingURL|URL)=/.test(value)
  );
  const edits = [...parts.statements, ...markers];
  const module = edits.length === 0 ? whole : parseModule(applyEdits(whole.text, edits));
  if (module === undefined) return undefined;
  const imports: (string | undefined)[] = [];
  visitNodes(module.tree, (node) => {
    const { source } = node as SyntaxNode & { source?: SyntaxNode | null };
    if (source && /^(Import|Export)/.test(node.type)) imports.push(literalString(source));
  });
  return { module, parts, imports };
}

async function shipPlain({ module }: PlainModule, source: string, name: string): Promise<ShippedCode> {
  const [first, ...more] = findUnshippable(module, () => true);
  if (first !== undefined) {
    const { line, column } = getLineInfo(module.text, first.start);
    const rest = more.length === 0 ? "" : ` (and ${more.length} more like it)`;
    throw shipError(name, `${readableSource(source)}:${line}:${column + 1} ${first.what}${rest}`);
  }
  return await makeShippedCode(module.text, samePlaceMap(module, source));
}

/** A module's text if it is JavaScript, or TypeScript without JSX, that can be looked at before bundling. */
async function readPlain(url: URL, name: string): Promise<string | undefined> {
  try {
    if (url.protocol === "data:" || url.protocol === "blob:") return await (await fetch(url)).text();
    if (url.protocol !== "file:" || !/\.m?[jt]s$/.test(url.pathname)) return undefined;
    return await readUtf8File(url);
  } catch (error) {
    const reason = messageOf(error);
    throw new ShipError(`Cannot read the user function '${name}': ${reason}`, reason, { cause: error });
  }
}

function sourceOf(url: URL): string {
  return url.protocol === "data:" || url.protocol === "blob:" ? "function:module" : url.href;
}

async function bundle(request: BundleRequest, bundler: BundleModuleOptions["bundler"]): Promise<Bundle> {
  if (bundler === "deno" || bundler === undefined && await canRunDeno()) {
    const { bundleWithDeno } = await import("./deno_bundler.ts");
    const bundled = await bundleWithDeno(request);
    if (bundled !== undefined) return bundled;
    if (bundler === "deno") {
      throw shipError(request.name, "Deno's bundler is not on this machine, and can't be fetched from here");
    }
  }
  const { bundleInside } = await import("./inside_bundler.ts");
  return await bundleInside(request);
}

async function canRunDeno(): Promise<boolean> {
  if (Deno.build.standalone) return false;
  try {
    const { state } = await Deno.permissions.query({ name: "run", command: Deno.execPath() });
    return state === "granted";
  } catch (error) {
    // A program that may not read its own path may not run it either.
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}
