/**
 * Where the journal of a run stands.
 *
 * @module
 */

/** The journal of a run whose first output is `output`. */
export function journalPath(output: string): string {
  return `${output}.journal`;
}
