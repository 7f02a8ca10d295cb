/**
 * Where a text is not JSON.
 *
 * @module
 */

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
  try {
    return new JsonScanner(text).scan();
  } catch (error) {
    if (error instanceof FaultFound) return error.fault;
    throw error;
  }
}

/** Values that are nested deeper can't be sent to workers anyway. */
const MAX_DEPTH = 600;

class FaultFound extends Error {
  constructor(readonly fault: JsonFault) {
    super(fault.expected);
  }
}

/** Goes over a text as far as it is JSON. Each method takes what it is named after, or throws a `FaultFound`. */
class JsonScanner {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The whole text; returns its end. */
  scan(): JsonFault {
    this.#value();
    this.#space();
    return { offset: this.#at, expected: "the end" };
  }

  #value(): void {
    this.#space();
    const next = this.#text[this.#at];
    if (this.#depth > MAX_DEPTH) this.#fail(`no more than ${MAX_DEPTH} levels of lists and objects`);
    if (next === "{") this.#list("}", () => this.#member());
    else if (next === "[") this.#list("]", () => this.#value());
    else if (next === '"') this.#string("a string");
    else if (!this.#takes(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y)) {
      this.#fail("a value");
    }
  }

  #member(): void {
    this.#string('a name in "double quotes"');
    this.#space();
    if (!this.#takes(/:/y)) this.#fail("':'");
    this.#value();
  }

  #list(close: string, item: () => void): void {
    this.#at++;
    this.#depth++;
    this.#items(close, item);
    this.#depth--;
    this.#at++;
  }

  #items(close: string, item: () => void): void {
    this.#space();
    if (this.#text[this.#at] === close) return;
    while (true) {
      this.#space();
      item();
      this.#space();
      if (this.#text[this.#at] === close) return;
      if (!this.#takes(/,/y)) this.#fail(`',' or '${close}'`);
    }
  }

  #string(what: string): void {
    if (!this.#takes(/"/y)) this.#fail(what);
    do {
      // deno-lint-ignore no-control-regex -- RFC 8259, section 7: control characters must be escaped
      this.#takes(/[^"\\\u0000-\u001f]*/y);
    } while (this.#takes(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y));
    if (this.#takes(/"/y)) return;
    this.#fail(this.#text[this.#at] === "\\" ? "an escape such as \\n or \\u0041" : "the rest of a string");
  }

  #space(): void {
    this.#takes(/[ \t\r\n]*/y);
  }

  #takes(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at += found[0].length;
    return found !== null;
  }

  #fail(expected: string): never {
    throw new FaultFound({ offset: this.#at, expected });
  }
}
