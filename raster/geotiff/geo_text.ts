/**
 * Texts in GeoKeys: the tag counts bytes, which are ASCII by the standard, and UTF-8 or Latin-1 in real files. Here a tag is
 * one character a byte, so that offsets hold and a copy is the same to the last byte.
 *
 * @module
 */

/** More arguments than this may overflow the stack. */
const CHUNK = 8192;

/** A tag's bytes, one character each. */
export function byteString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
}

/** The bytes that a text of one character a byte stands for. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** What people read in a part of a tag: UTF-8 where it is that, else Latin-1. */
export function textOfBytes(part: string): string {
  if (!/[\u0080-\u00ff]/.test(part)) return part;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(part));
  } catch {
    // Not UTF-8: the characters are Latin-1's already.
    return part;
  }
}

/** A text as UTF-8, one character a byte. */
export function bytesOfText(text: string): string {
  return byteString(new TextEncoder().encode(text));
}

/** `text` without the bars and NULs at its end. A regular expression would look at a run of them once for each of its characters. */
export function withoutClosing(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "|" || text[end - 1] === "\0")) end--;
  return text.slice(0, end);
}
