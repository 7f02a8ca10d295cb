/**
 * From a bundler's output to shipped code.
 *
 * @module
 */
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { getLineInfo } from "acorn";
import { alignMappings } from "./align_map.ts";
import type { Bundle } from "./bundle.ts";
import { mainOnlyParts } from "./main_only.ts";
import { shipError } from "./ship_error.ts";
import { makeShippedCode, type PlainSourceMap, type ShippedCode } from "./shipped_code.ts";
import { isPackageSource, packageOf, readableSource, sourceName } from "./source_names.ts";
import {
  identifierName,
  importMetaProperty,
  literalString,
  type ParsedModule,
  parseModule,
  type SyntaxNode,
  visitNodes,
} from "./syntax_tree.ts";
import { applyEdits, type TextEdit } from "./text_edit.ts";
import { findUnshippable, isAddonLoader } from "./unshippable.ts";

/**
 * Makes shipped code of a bundle: takes out what only the main program needs and all traces of this machine's
 * folders, gives the map absolute sources, and refuses what can't work in a worker.
 *
 * @param bundle the bundler's output.
 * @param name the module's name for people.
 * @throws {ConfigError} naming file, line and column of what can't be shipped.
 */
export async function finishBundle(bundle: Bundle, name: string): Promise<ShippedCode> {
  const base = folderUrl(bundle.folder);
  const sources = bundle.map.sources.map((source) => sourceName(absolute(source, base)));
  const loader = sources.map(packageOf).find(isAddonLoader);
  if (loader !== undefined) throw shipError(name, `it imports '${loader}', which loads native add-ons`);
  const parsed = parseModule(bundle.text);
  if (parsed === undefined) throw shipError(name, "its bundle is no JavaScript that can be checked");
  const mappings = alignMappings(parsed, bundle.map.mappings);
  const map: PlainSourceMap = { version: 3, sources, names: bundle.map.names, mappings };
  const edits = [...(await mainOnlyParts(parsed, false)).statements, ...pathEdits(parsed, base)];
  const text = applyEdits(bundle.text, edits).trimEnd() + "\n";
  const shipped = parseModule(text);
  if (shipped === undefined) throw shipError(name, "its bundle can't be cut to what a worker needs");
  refuseUnshippable(shipped, map, name);
  return await makeShippedCode(text, map);
}

function refuseUnshippable(module: ParsedModule, map: PlainSourceMap, name: string): void {
  const trace = new TraceMap({ ...map, sources: [...map.sources], names: [...map.names] });
  const original = (start: number) => originalPositionFor(trace, getLineInfo(module.text, start));
  const problems = findUnshippable(module, ({ start }) => {
    const { source } = original(start);
    return source !== null && !isPackageSource(source);
  });
  const first = problems[0];
  if (first === undefined) return;
  const { source, line, column } = original(first.start);
  const place = source === null ? "it" : `${readableSource(source)}:${line}:${column + 1}`;
  const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more like it)`;
  throw shipError(name, `${place} ${first.what}${more}`);
}

/** Edits of all that depends on where the sources are: comments, the keys of wrapped modules, require's base. */
function pathEdits({ tree, comments }: ParsedModule, base: URL): TextEdit[] {
  // The user's own comments are gone, but for licences; what is left at a line's start names the next module.
  const edits: TextEdit[] = comments.filter(({ type, loc }) => type === "Line" && loc.start.column === 0)
    .map(({ start, end }) => ({ start, end, text: "//" }));
  visitNodes(tree, (node) => {
    if (node.type !== "CallExpression") return;
    const { callee, arguments: [first] } = node as SyntaxNode & {
      callee: SyntaxNode;
      arguments: SyntaxNode[];
    };
    const called = identifierName(callee) ?? "";
    if (/^__(commonJS|esm)/.test(called) && first?.type === "ObjectExpression") {
      for (const { key } of (first as SyntaxNode & { properties: { key: SyntaxNode }[] }).properties) {
        const path = literalString(key);
        if (path === undefined) continue;
        edits.push({ start: key.start, end: key.end, text: JSON.stringify(placeless(path, base)) });
      }
    } else if (/createRequire$/.test(called) && importMetaProperty(first) === "url") {
      // A data: URL is no base for require(), and what it is for here, Node's own modules, needs none.
      edits.push({ start: first!.start, end: first!.end, text: '"file:///"' });
    }
  });
  return edits;
}

/** A module's name that is the same wherever the sources are. */
function placeless(path: string, base: URL): string {
  const name = sourceName(absolute(path, base));
  return name.startsWith("npm:") ? name : path;
}

function absolute(source: string, base: URL): string {
  if (/^[a-z][a-z+.-]+:/.test(source)) return source;
  // esbuild has written it as a URL from the folder. A colon in a file's name is not behind a scheme.
  return new URL(`./${source}`, base).href;
}

function folderUrl(folder: string): URL {
  return new URL(`file://${folder.replace(/\/?$/, "/").split("/").map(encodeURIComponent).join("/")}`);
}
