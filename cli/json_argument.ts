/**
 * JSON given on the command line or in a file.
 *
 * @module
 */
import { ConfigError, messageOf } from "../core/errors.ts";
import { NotUtf8Error, readUtf8File } from "../core/utf8_file.ts";
import { findJsonFault } from "./json_fault.ts";

/** The path in `@FILE`; undefined if JSON itself is given, or nothing. */
export function jsonFile(argument: string | undefined): string | undefined {
  return argument?.startsWith("@") ? argument.slice(1) : undefined;
}

/**
 * The value of `JSON` or `@FILE`.
 *
 * @param option the option's name, for errors.
 * @throws {ConfigError} if the file can't be read, or the text is not JSON; with line and column.
 */
export async function parseJsonArgument(option: string, argument: string): Promise<unknown> {
  let text = argument;
  let source = `--${option}`;
  const path = jsonFile(argument);
  if (path !== undefined) {
    source = `'${path}' of --${option}`;
    try {
      text = await readUtf8File(path);
    } catch (error) {
      throw new ConfigError(`Cannot read ${source}: ${fileTrouble(error)}`, { cause: error });
    }
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const { offset, expected } = findJsonFault(text);
    const before = text.slice(0, offset).split("\n");
    const found = offset < text.length ? `'${text.slice(offset, offset + 20).split("\n")[0]}'` : "the end";
    throw new ConfigError(
      `${source} is not JSON: at line ${before.length}, column ${
        before.at(-1)!.length + 1
      } there should be ` +
        `${expected} but there is ${found}${text === "" ? "; JSON null is written null" : ""}`,
      { cause: error },
    );
  }
}

/** What keeps a file from being read, and what to do about it. */
function fileTrouble(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    return "there is no such file. After @ write the path of a file of JSON, or write the JSON itself, without the @";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "you may not read it. Make it readable";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder. Name a file of JSON";
  if (error instanceof NotUtf8Error) return `${error.message}. Save it as UTF-8`;
  return messageOf(error);
}
