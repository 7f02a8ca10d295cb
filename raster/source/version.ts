/**
 * What tells whether a file is still the one that it was.
 *
 * A version is a text: the file's size and its modification time, or what a server says of an object. Servers are less
 * reliable than disks: proxies weaken ETags (`W/"1"`), and machines that share an address may each have their own for one
 * file. So an object is the same if its size is, and either its ETag or the time of its last change.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";

/** Stands between ETag and time; an ETag has no blanks (RFC 9110, section 8.8.3). */
const BETWEEN = " @ ";

/** An input is not what it was when the run was planned. */
export class InputChangedError extends RasterError {}

/** The error for an input that is not what it was when the run was planned. */
export function hasChanged(name: string): InputChangedError {
  return new InputChangedError(`'${name}' has changed since the run began: run it again`);
}

/** The version of a server's object of `byteLength` bytes. */
export function objectVersion(byteLength: number, headers: Headers): string {
  const etag = (headers.get("etag") ?? "").replace(/^W\//, "").replaceAll(BETWEEN, "");
  const modified = headers.get("last-modified") ?? "";
  return `${byteLength}-${etag}${etag !== "" && modified !== "" ? BETWEEN : ""}${modified}`;
}

/** Whether two versions are of one and the same content. */
export function isSameVersion(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [parse(a), parse(b)];
  return left.size === right.size && left.marks.some((mark) => right.marks.includes(mark));
}

/** Whether a version says nothing but the size, so that a change may go unnoticed. */
export function isSizeOnly(version: string): boolean {
  return parse(version).marks.length === 0;
}

function parse(version: string): { readonly size: string; readonly marks: readonly string[] } {
  const dash = version.indexOf("-");
  const marks = version.slice(dash + 1).split(BETWEEN).filter((mark) => mark !== "");
  return { size: version.slice(0, dash), marks };
}
