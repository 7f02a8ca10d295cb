/**
 * Source maps of shipped code.
 *
 * @module
 */
import { encode } from "@jridgewell/sourcemap-codec";
import type { PlainSourceMap } from "./shipped_code.ts";
import type { ParsedModule } from "./syntax_tree.ts";

/**
 * The map of a text whose tokens stand where they stand in its one source.
 *
 * A stack's position is always that of a token, so a segment a token maps all of them to the column.
 *
 * @param module the text.
 * @param source the source's absolute URL.
 * @param firstColumn how many columns of the text's first line the source does not have.
 */
export function samePlaceMap(module: ParsedModule, source: string, firstColumn = 0): PlainSourceMap {
  const lines: [number, number, number, number][][] = [];
  for (const { loc } of module.tokens) {
    const { line, column } = loc.start;
    while (lines.length < line) lines.push([]);
    const shift = line === 1 ? firstColumn : 0;
    if (column >= shift) lines[line - 1]!.push([column, 0, line - 1, column - shift]);
  }
  return { version: 3, sources: [source], names: [], mappings: encode(lines) };
}
