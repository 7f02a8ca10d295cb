/**
 * Changing parts of a text.
 *
 * @module
 */

/** A part of a text and what stands in its place. */
export interface TextEdit {
  /** Where the part begins, UTF-16 units from 0. */
  readonly start: number;
  /** Where it ends, exclusive. */
  readonly end: number;
  /** The new text; without it the part is blanked, so that all after it keeps its line and column. */
  readonly text?: string;
}

/** The text with all edits made; of edits that overlap, the one that begins first is made. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = "";
  let position = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (edit.start < position) continue;
    result += text.slice(position, edit.start) + (edit.text ?? blank(text.slice(edit.start, edit.end)));
    position = edit.end;
  }
  return result + text.slice(position);
}

function blank(text: string): string {
  return text.replace(/[^\r\n\u2028\u2029]/g, " ");
}
