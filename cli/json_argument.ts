/**
 * JSON given on the command line or in a file.
 *
 * @module
 */
import { ConfigError, messageOf } from "../core/errors.ts";

/**
 * The value of `JSON` or `@FILE`.
 *
 * @param option the option's name, for errors.
 * @throws {ConfigError} if the file can't be read, or the text is not JSON; with line and column.
 */
export async function parseJsonArgument(option: string, argument: string): Promise<unknown> {
  let text = argument;
  let source = `--${option}`;
  if (argument.startsWith("@")) {
    const path = argument.slice(1);
    source = `'${path}' of --${option}`;
    try {
      text = await Deno.readTextFile(path);
    } catch (error) {
      throw new ConfigError(`Cannot read ${source}: ${fileTrouble(error)}`, { cause: error });
    }
    // Editors on Windows begin a file with a byte order mark, which JSON.parse refuses.
    text = text.replace(/^\ufeff/, "");
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
  return messageOf(error);
}

/** Where a text stops being the beginning of a JSON value. */
export interface JsonFault {
  /** Characters before it. */
  readonly offset: number;
  /** What could stand there. */
  readonly expected: string;
}

/**
 * Finds the first fault of a text that `JSON.parse` refused; its own message often leaves out the position (RFC 8259).
 *
 * @returns the end of the text if there is no fault.
 */
export function findJsonFault(text: string): JsonFault {
  let at = 0;
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found !== null;
  };
  const fail = (expected: string): never => {
    throw new FaultFound({ offset: at, expected });
  };
  const space = () => match(/[ \t\r\n]*/y);
  const string = (what: string) => {
    if (text[at] !== '"') fail(what);
    at++;
    // deno-lint-ignore no-control-regex -- RFC 8259, section 7: control characters must be escaped
    match(/(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y);
    if (!match(/"/y)) fail(text[at] === "\\" ? "an escape such as \\n or \\u0041" : "the rest of a string");
  };
  const list = (close: string, item: () => void) => {
    at++;
    space();
    if (text[at] === close) {
      at++;
      return;
    }
    while (true) {
      space();
      item();
      space();
      if (text[at] === close) break;
      if (text[at] !== ",") fail(`',' or '${close}'`);
      at++;
    }
    at++;
  };
  const value = () => {
    space();
    if (text[at] === "{") {
      list("}", () => {
        string('a name in "double quotes"');
        space();
        if (!match(/:/y)) fail("':'");
        value();
      });
    } else if (text[at] === "[") list("]", value);
    else if (text[at] === '"') string("a string");
    else if (!match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y)) fail("a value");
  };
  try {
    value();
    space();
    return { offset: at, expected: "the end" };
  } catch (error) {
    if (error instanceof FaultFound) return error.fault;
    throw error;
  }
}

class FaultFound extends Error {
  constructor(readonly fault: JsonFault) {
    super(fault.expected);
  }
}
