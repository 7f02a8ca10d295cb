import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../core/errors.ts";
import { selfContainedModule } from "../../core/self_contained.ts";
import { userFunctionSpec } from "../../core/user_function_spec.ts";
import { loadUserFunction } from "../../core/worker/user_function.ts";

// deno-lint-ignore no-explicit-any -- functions of all sorts
type AnyFunction = (...args: any[]) => any;

const OUTSIDE = 5;
const METHODS = {
  plain(x: number) {
    return x + 1;
  },
  async later(x: number) {
    return await Promise.resolve(x + 2);
  },
  *many(x: number) {
    yield x;
    yield x + 1;
  },
  ["odd name"](x: number) {
    return x + 3;
  },
  usesThis(): unknown {
    return this;
  },
  usesSuper(): unknown {
    return super.toString();
  },
};
class Methods {
  static twice(x: number) {
    return 2 * x;
  }
}

const GOOD: [string, AnyFunction, unknown][] = [
  ["an arrow", (x) => x * 2, 20],
  ["an arrow with a body", (x) => {
    const y = x;
    return y + 1;
  }, 11],
  ["an async arrow", async (x) => await Promise.resolve(x), 10],
  ["a function", function (x: number) {
    return x - 1;
  }, 9],
  ["a function that calls itself", function down(x: number): number {
    return x > 0 ? down(x - 1) : -1;
  }, -1],
  ["a method", METHODS.plain, 11],
  ["an async method", METHODS.later, 12],
  ["a method with an odd name", METHODS["odd name"], 13],
  ["a static method", Methods.twice, 20],
  ["default parameters", (x, y = x + 1, { z } = { z: y }) => x + y + z, 32],
  ["destructuring", (x, [a, ...rest] = [1, 2, 3], { b: { c = a } = {} } = {}) => [x, a, rest, c], [10, 1, [
    2,
    3,
  ], 1]],
  [
    "globals",
    (x) => Math.max(x, parseInt("7"), Float32Array.of(1).length, typeof Deno === "object" ? 1 : 0),
    10,
  ],
  ["its own arguments object", function () {
    return arguments.length;
  }, 1],
  ["inner functions and classes that use their own this", (x) => {
    class Counter {
      n = x;
      next() {
        return ++this.n;
      }
    }
    function own(this: { v: number }) {
      return this.v;
    }
    return new Counter().next() + own.call({ v: 1 });
  }, 12],
  ["labels, loops and catches", (x) => {
    outer: for (let i = 0; i < 3; i++) {
      for (const j of [1, 2]) if (i + j > 3) break outer;
    }
    try {
      JSON.parse("no");
    } catch (caught) {
      if (caught instanceof SyntaxError) x++;
    }
    return x - 1;
  }, 10],
  ["keys that look like names", (x) => ({ OUTSIDE: x }).OUTSIDE, 10],
];
for (const [what, given, expected] of GOOD) {
  Deno.test(`${what} can be sent to a worker`, async () => {
    const { call } = await loadUserFunction(await userFunctionSpec(given));
    assertEquals(await call(10), expected);
  });
}

Deno.test("a generator method keeps its nature", async () => {
  const { call } = await loadUserFunction(await userFunctionSpec(METHODS.many));
  assertEquals([...call(1) as Iterable<number>], [1, 2]);
});

const nested = (factor: number): AnyFunction => (x) => x * factor + OUTSIDE;

const REFUSED: [string, AnyFunction, string][] = [
  ["a closure", nested(2), "uses 'factor', 'OUTSIDE' from outside itself"],
  ["a name used in an inner function only", () => () => OUTSIDE, "'OUTSIDE'"],
  ["a name in a default parameter", (x = OUTSIDE) => x, "'OUTSIDE'"],
  ["a name in a template", () => `${OUTSIDE}`, "'OUTSIDE'"],
  ["an assignment to the outside", () => {
    METHODS.plain = () => 1;
  }, "'METHODS'"],
  ["a native function", Math.max, "native"],
  ["a bound function", METHODS.plain.bind(METHODS), "native or made by bind()"],
  ["this", METHODS.usesThis, "uses 'this'"],
  ["super", METHODS.usesSuper, "uses 'super'"],
  ["import.meta", () => import.meta.url, "uses 'import.meta'"],
];
for (const [what, given, message] of REFUSED) {
  Deno.test(`${what} is refused by name`, async () => {
    await assertRejects(() => selfContainedModule(given), ConfigError, message);
  });
}

Deno.test("a private method, which has no text of its own, is refused", async () => {
  class Hidden {
    #hidden(x: number) {
      return x;
    }
    get method() {
      return this.#hidden;
    }
  }
  await assertRejects(
    () => selfContainedModule(new Hidden().method),
    ConfigError,
    "can't be sent to a worker",
  );
});
