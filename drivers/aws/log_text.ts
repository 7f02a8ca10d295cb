/**
 * The end of a log, fit to be shown.
 *
 * @module
 */
import { printableText } from "../../core/errors.ts";

/** Most lines of a log that are asked for and shown. */
export const TAIL_LINES = 50;
/** Most bytes of it. */
const TAIL_BYTES = 16 << 10;
/** A value that is shorter than this is no secret: hiding it would only tear words apart. */
const LEAST_SECRET = 8;
/** `NAME=value` and `"Name": "value"` as `env`, `set -x` and dumps of settings and credentials write them. */
const ASSIGNMENT =
  /\b((?:[A-Z0-9_]*(?:SECRET|TOKEN|PASSWORD|_KEY)[A-Z0-9_]*|aws_secret_access_key|aws_session_token|[sS]ecretAccessKey|[sS]essionToken)["']?\s*[=:]\s*["']?)[^\s"',;]+/g;
/** What signs a presigned address (Amazon S3, "Authenticating Requests: Using Query Parameters"). */
const SIGNED = /\b(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"']+/gi;

/**
 * The last lines of a log as one text, without what must not show.
 *
 * @param messages what was logged, the newest last.
 * @param secrets values to be hidden wherever they stand.
 * @returns empty if there is nothing to show.
 */
export function tailText(messages: readonly string[], secrets: readonly string[]): string {
  const lines = messages.flatMap((message) => message.split("\n"))
    .map((line) => printableText(line).trimEnd()).filter((line) => line !== "");
  // Hidden first: what is cut in two is recognised by nobody.
  return lastBytes(withoutSecrets(lines.slice(-TAIL_LINES).join("\n"), secrets));
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const known = secrets.filter(({ length }) => length >= LEAST_SECRET)
    .reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
  return known.replace(SIGNED, "$1***").replace(ASSIGNMENT, "$1***");
}

function lastBytes(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= TAIL_BYTES) return text;
  const cut = new TextDecoder().decode(bytes.subarray(bytes.length - TAIL_BYTES));
  // The first of its lines, or at least a character of it, was cut.
  return cut.includes("\n") ? cut.slice(cut.indexOf("\n") + 1) : cut.replace(/^\ufffd+/, "");
}
