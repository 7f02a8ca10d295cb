/**
 * A user function that throws what is hard to tell of.
 *
 * @module
 */

/** What can be thrown, by name. */
export const THROWN: Record<string, () => unknown> = {
  "a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "a proxy all of whose traps throw": () => {
    const trap = () => {
      throw new Error("a trap");
    };
    return new Proxy(new Error("inside"), { get: trap, getPrototypeOf: trap, has: trap, ownKeys: trap });
  },
  "an error whose message, name, stack and cause throw": () => {
    const error = new Error("hidden");
    for (const name of ["message", "name", "stack", "cause"]) {
      Object.defineProperty(error, name, {
        get() {
          throw error;
        },
      });
    }
    return error;
  },
  "an error whose message, name and stack are objects without text": () =>
    Object.assign(new Error(), {
      message: Object.create(null),
      name: Symbol("name"),
      stack: { toString: 5, valueOf: null },
    }),
  "an error with a message of 100 MB": () => new Error("long ".repeat(20_000_000)),
  "an error with a name and a stack of 100 MB": () =>
    Object.assign(new Error("short"), { name: "N".repeat(100_000_000), stack: "at x\n".repeat(20_000_000) }),
  "an error of blanks": () => new Error(`${" ".repeat(3_000_000)}x${" ".repeat(3_000_000)}`),
  "an error with a stack of blanks": () =>
    Object.assign(new Error("blank"), { stack: `at ${" ".repeat(3_000_000)}\n`.repeat(3) }),
  "an error with 100,000 causes": () => {
    let error = new Error("the first");
    for (let depth = 0; depth < 100_000; depth++) error = new Error("above", { cause: error });
    return error;
  },
  "a list of 30 million entries": () => new Uint8Array(30_000_000),
  "a list in lists, 100,000 deep": () => {
    let list: unknown[] = [];
    for (let depth = 0; depth < 100_000; depth++) list = [list];
    return list;
  },
  "an object without a prototype": () => Object.create(null),
  "undefined": () => undefined,
};

/** Throws what has that name. */
export default function (name: string): never {
  throw THROWN[name]!();
}

const LONG = "long ".repeat(200_000);

/** What is left uncaught, by name. */
const UNCAUGHT: Record<string, () => unknown> = {
  "an error with thirty causes": () => {
    let error = new Error("first");
    for (let depth = 0; depth < 30; depth++) error = new Error(LONG, { cause: error });
    return error;
  },
  "an error whose cause is a text": () => new Error("short", { cause: LONG }),
  "an error of thirty errors": () =>
    new AggregateError(Array.from({ length: 30 }, () => new Error(LONG)), "all failed"),
  "a frozen error": () => Object.freeze(new Error(LONG)),
  "a text": () => LONG,
  "a rejection with a text": () => LONG,
  "not a number": () => NaN,
};

/** Leaves something uncaught, thrown or rejected. */
export function later(what: string): Promise<void> {
  const thrown = UNCAUGHT[what]!();
  if (what.startsWith("a rejection")) Promise.reject(thrown);
  else {
    setTimeout(() => {
      throw thrown;
    }, 0);
  }
  return new Promise(() => {});
}
