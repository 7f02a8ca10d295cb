/**
 * TypeScript to JavaScript without moving anything.
 *
 * @module
 */

/**
 * Replaces a TypeScript module's types with blanks, so that all else keeps its line and column.
 *
 * @returns undefined if the text has syntax that can't just be left out (enums, namespaces, parameter properties,
 *   decorators), or is no TypeScript, or this program can't do it.
 */
export async function stripTypes(text: string): Promise<string | undefined> {
  const { stripTypeScriptTypes } = await import("node:module");
  try {
    return stripTypeScriptTypes(text);
  } catch {
    // Whatever the reason, a bundler tells it better, with its position, or can do what this can't.
    return undefined;
  }
}
