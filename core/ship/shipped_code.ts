/**
 * A user's module as it travels: one text with all that it imports, which a worker loads with no file system and
 * no network.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/** A module on its way to the workers, in plain data. */
export interface ShippedCode {
  /** The text of a JavaScript module. It imports nothing but `node:` modules. */
  readonly text: string;
  /** SHA-256 of the text as UTF-8, in lower-case hex. It depends on the sources only: not on where they are. */
  readonly sha256: string;
  /** Source map of the text (ECMA-426), as JSON without the sources' contents; its sources are absolute URLs. */
  readonly sourceMap: string;
  /** What the text was made of: absolute URLs, those of npm packages as `npm:NAME@VERSION/FILE` where known. */
  readonly sources: readonly string[];
}

/** A source map (ECMA-426) with what is used of it here. */
export interface PlainSourceMap {
  /** The format's version. */
  readonly version: 3;
  /** Absolute URLs. */
  readonly sources: readonly string[];
  /** Names that segments refer to. */
  readonly names: readonly string[];
  /** The segments, VLQ-coded. */
  readonly mappings: string;
}

/** Puts a text and its map together. */
export async function makeShippedCode(text: string, map: PlainSourceMap): Promise<ShippedCode> {
  return { text, sha256: await sha256Hex(text), sourceMap: JSON.stringify(map), sources: map.sources };
}

/**
 * Imports shipped code in this thread; a second load in the same thread gives the same module.
 *
 * Positions in the stacks of its errors are those in the user's own files: Deno applies the source map, which is
 * inline here, in the main thread and in Web Workers alike.
 *
 * @returns the module's exports.
 * @throws {ConfigError} if the text is not the one that was hashed.
 * @throws whatever the module throws while it is evaluated.
 */
export async function loadShippedCode(code: ShippedCode): Promise<Record<string, unknown>> {
  const sha256 = await sha256Hex(code.text);
  if (sha256 !== code.sha256) {
    throw new ConfigError(
      `The user function's code has SHA-256 ${sha256}, not ${code.sha256} as announced. Start the run again`,
    );
  }
  const map = base64(code.sourceMap);
  const text = `${code.text}\n//# sourceMappingURL=data:application/json;base64,${map}\n`;
  // Not a blob: URL: each would be another module, and those of one thread mean nothing in another.
  return await import(`data:text/javascript;base64,${base64(text)}`);
}

async function sha256Hex(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
