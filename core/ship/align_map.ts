/**
 * Putting right the source maps of `deno bundle`.
 *
 * @module
 */
import { decode } from "@jridgewell/sourcemap-codec";
import type { ParsedModule } from "./syntax_tree.ts";

/** By how many lines a map is tried to be wrong. */
const MAX_SHIFT = 12;

/**
 * The mappings of a bundle, moved up to where they fit the text.
 *
 * For a bundle with CommonJS modules, Deno 2.9 puts a shorter `require` before the code that it had mapped already,
 * and leaves the map as it was: all positions are some lines (3 in 2.9.6) too far down. Segments stand at tokens;
 * the shift that brings most of them to one is the right one, whatever Deno's version.
 */
export function alignMappings({ text, tokens }: ParsedModule, mappings: string): string {
  if (!text.includes("__deno_internal_createRequire")) return mappings;
  const starts = new Set(tokens.map(({ loc }) => key(loc.start.line - 1, loc.start.column)));
  const lines = decode(mappings);
  const empty = lines.findIndex((line) => line.length > 0);
  let best = { shift: 0, hits: -1 };
  for (let shift = 0; shift <= Math.min(MAX_SHIFT, empty); shift++) {
    let hits = 0;
    lines.forEach((line, index) => {
      for (const [column] of line) if (starts.has(key(index - shift, column))) hits++;
    });
    if (hits > best.hits) best = { shift, hits };
  }
  // The lines taken away have no segments: each is but its semicolon.
  return mappings.slice(best.shift);
}

function key(line: number, column: number): number {
  return line * 0x100000 + Math.min(column, 0xfffff);
}
