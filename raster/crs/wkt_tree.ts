/**
 * Well-known text as a tree: WKT 1 (OGC 01-009, and as GDAL and Esri write it) and WKT 2 (OGC 18-010r7) share one grammar.
 *
 * @module
 */
import { withoutClosing } from "../geotiff/geo_text.ts";

/** `KEYWORD[value, value, ..., CHILD[...], ...]`. */
export interface WktNode {
  /** In capitals. */
  readonly keyword: string;
  /** Texts, numbers and bare words such as EAST, in their order. */
  readonly values: readonly (string | number)[];
  /** The nodes inside, in their order. */
  readonly children: readonly WktNode[];
}

/** Longer than any coordinate system: an engineered or damaged file. */
const MAX_CHARS = 1 << 16;
/** The deepest in use is about 8. */
const MAX_DEPTH = 24;

/** One token, at the place where the last one ended: a quoted text (quotes are doubled in it), a mark, or a word. */
const TOKEN = /\s*(?:"((?:[^"]|"")*)"|([[\](),])|([^\s"[\](),]+))/y;

interface Token {
  text?: string | undefined;
  mark?: string | undefined;
  word?: string | undefined;
}

/** The tree of `text`; undefined if it is no well-known text, or past any reasonable size. */
export function parseWkt(text: string): WktNode | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const tokens = tokensOf(withoutClosing(text).trim());
  if (tokens === undefined) return undefined;
  let at = 0;
  const node = (depth: number): WktNode | undefined => {
    const keyword = tokens[at++]?.word;
    const opened = tokens[at++]?.mark;
    if (keyword === undefined || depth > MAX_DEPTH || (opened !== "[" && opened !== "(")) return undefined;
    const values: (string | number)[] = [];
    const children: WktNode[] = [];
    for (;;) {
      const { text, word } = tokens[at] ?? {};
      const follows = tokens[at + 1]?.mark;
      if (word !== undefined && (follows === "[" || follows === "(")) {
        const child = node(depth + 1);
        if (child === undefined) return undefined;
        children.push(child);
      } else if (text !== undefined || word !== undefined) {
        values.push(text ?? numberOrWord(word!));
        at++;
      } else return undefined;
      const mark = tokens[at++]?.mark;
      if (mark === "]" || mark === ")") return { keyword: keyword.toUpperCase(), values, children };
      if (mark !== ",") return undefined;
    }
  };
  const root = node(0);
  if (root === undefined || at === tokens.length) return root;
  // Esri writes a compound system as its two parts, with nothing around them.
  if (tokens[at++]?.mark !== ",") return undefined;
  const second = node(0);
  if (second === undefined || at !== tokens.length) return undefined;
  return { keyword: "COMPD_CS", values: root.values, children: [root, second] };
}

/** The first child with one of `keywords`. */
export function child(node: WktNode | undefined, ...keywords: string[]): WktNode | undefined {
  return node?.children.find(({ keyword }) => keywords.includes(keyword));
}

/** The value at `index` if it is a text; "" otherwise. */
export function textAt(node: WktNode | undefined, index: number): string {
  const value = node?.values[index];
  return typeof value === "string" ? value : "";
}

/** The value at `index` if it is a finite number, which some writers put into quotes. */
export function numberAt(node: WktNode | undefined, index: number): number | undefined {
  const value = node?.values[index];
  if (typeof value === "number") return value;
  return typeof value === "string" && value !== "" && Number.isFinite(Number(value))
    ? Number(value)
    : undefined;
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    const [, quoted, mark, word] = match;
    tokens.push({ text: quoted?.replaceAll('""', '"'), mark, word });
  }
  return tokens;
}

function numberOrWord(word: string): number | string {
  const value = Number(word);
  return Number.isFinite(value) ? value : word;
}
