/**
 * Text files of the user. Deno's own reading puts U+FFFD for every byte that is not UTF-8, which would change names and
 * numbers in silence.
 *
 * @module
 */

/** A file holds bytes that are not UTF-8. The message says where. */
export class NotUtf8Error extends Error {
  /** The error's name. */
  override readonly name = "NotUtf8Error";
}

/**
 * The text of a UTF-8 file, without its byte order mark.
 *
 * @throws {NotUtf8Error} if it has another encoding, with the first line that shows it.
 * @throws what Deno throws if it can't be read.
 */
export async function readUtf8File(path: string | URL): Promise<string> {
  const bytes = await Deno.readFile(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new NotUtf8Error(`it is not UTF-8 text (line ${firstBadLine(bytes)})`, { cause: error });
  }
}

/** The first line that does not survive decoding and encoding. */
function firstBadLine(bytes: Uint8Array): number {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const again = new TextEncoder().encode(text);
  let line = 1;
  for (let at = 0; at < bytes.length && bytes[at] === again[at]; at++) if (bytes[at] === 0x0a) line++;
  return line;
}
