/**
 * The `@std` modules come from a copy on npm that Deno does not publish (docs/libraries.md). So what we use of them is held
 * to what Deno's documentation says of each function.
 *
 * @module
 */
import * as assertions from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import * as bytes from "@std/fmt/bytes";
import * as jsonc from "@std/jsonc";
import * as path from "@std/path";
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { relative } from "@std/path/relative";
import { parse as parseVersion } from "@std/semver/parse";
import { satisfies } from "@std/semver/satisfies";
import { tryParseRange } from "@std/semver/try-parse-range";

const { assertEquals, assertThrows } = assertions;

/** For each name that the program imports: what it gives, beside what Deno documents. */
const DOCUMENTED: Readonly<
  Record<string, () => readonly (readonly [actual: unknown, documented: unknown])[]>
> = {
  "@std/path/basename basename": () => [
    [basename("/home/user/Documents/image.png"), "image.png"],
    [basename("/home/user/Documents/"), "Documents"],
    [basename("image.png", ".png"), "image"],
    [basename(""), ""],
  ],
  "@std/path/dirname dirname": () => [
    [dirname("/home/user/Documents/image.png"), "/home/user/Documents"],
    [dirname("/home/user/Documents/"), "/home/user"],
    [dirname("image.png"), "."],
    [dirname("/"), "/"],
  ],
  "@std/path/from-file-url fromFileUrl": () => [
    [fromFileUrl("file:///home/foo"), "/home/foo"],
    [fromFileUrl(new URL("file:///a%20b/%23c%25.tif")), "/a b/#c%.tif"],
  ],
  "@std/path/join join": () => [
    [join("/home/foo", "bar", "baz/quux", "garply", ".."), "/home/foo/bar/baz/quux"],
    [join("a", "", "./b"), "a/b"],
    [join("a", "../../b"), "../b"],
    [join(""), "."],
  ],
  "@std/path fromFileUrl": () => [[path.fromFileUrl("file:///home/foo"), "/home/foo"]],
  "@std/path join": () => [[path.join("/home/foo", "../bar"), "/home/bar"]],
  "@std/path dirname": () => [[path.dirname("/home/foo/a.tif"), "/home/foo"]],
  "@std/path relative": () => [
    [path.relative("/home/foo/bar/baz", "/home/foo/quux"), "../../quux"],
    [path.relative("/home/foo", "/home/foo"), ""],
  ],
  "@std/path/relative relative": () => [[relative("/home/foo/a", "/home/foo/b/c"), "../b/c"]],
  "@std/fmt/bytes format": () => [
    [bytes.format(1337), "1.34 kB"],
    [bytes.format(100), "100 B"],
    [bytes.format(1024, { binary: true }), "1 kiB"],
    [bytes.format(1.5 * 2 ** 30, { binary: true }), "1.5 GiB"],
  ],
  "@std/jsonc parse": () => [
    [jsonc.parse('{"foo": "bar",} // comment'), { foo: "bar" }],
    [jsonc.parse('{"foo": "bar" /* comment */, "n": [1, 2,]}'), { foo: "bar", n: [1, 2] }],
  ],
  "@std/semver/parse parse": () => [
    [parseVersion("1.2.3"), { major: 1, minor: 2, patch: 3, prerelease: [], build: [] }],
    [parseVersion("v1.2.3-rc.1+x").prerelease, ["rc", 1]],
  ],
  "@std/semver/satisfies satisfies": () => [
    [satisfies(parseVersion("1.2.9"), tryParseRange("^1.2.3")!), true],
    [satisfies(parseVersion("2.0.0"), tryParseRange("^1.2.3")!), false],
    [satisfies(parseVersion("1.2.4"), tryParseRange("~1.2.3 || 3.x")!), true],
  ],
  "@std/semver/try-parse-range tryParseRange": () => [[tryParseRange("no range"), undefined]],
  "@std/cli/parse-args parseArgs": () => [
    [parseArgs(["--foo", "--bar=baz", "./quux.txt"], { boolean: ["foo"], string: ["bar"] }), {
      foo: true,
      bar: "baz",
      _: ["./quux.txt"],
    }],
    [parseArgs(["--n=-1", "--", "-x"], { string: ["n"], "--": true }), { n: "-1", _: [], "--": ["-x"] }],
    [parseArgs(["--in=a", "--in", "b"], { collect: ["in"], string: ["in"] }), { in: ["a", "b"], _: [] }],
  ],
};

for (const [name, cases] of Object.entries(DOCUMENTED)) {
  Deno.test(`${name}() gives what Deno documents`, () => {
    for (const [actual, documented] of cases()) {
      assertEquals(actual, documented);
    }
  });
}

Deno.test("what is malformed throws as Deno documents", () => {
  assertThrows(() => jsonc.parse('{"a": }'), SyntaxError);
  assertThrows(() => parseVersion("1.2"), TypeError);
  assertThrows(() => fromFileUrl("https://example.org/a"), TypeError);
});

Deno.test("each assertion that the tests use fails where it must", async () => {
  const { assert, assertAlmostEquals, assertFalse, assertGreater, assertMatch, assertRejects } = assertions;
  const { assertNotEquals, assertStringIncludes, AssertionError } = assertions;
  const failing: readonly (() => unknown)[] = [
    () => assert(false),
    () => assertFalse(true),
    () => assertEquals([1, { a: NaN }], [1, { a: 0 }]),
    () => assertEquals(new Uint8Array([1, 2]), new Uint8Array([1, 3])),
    () => assertEquals(new Map([["a", 1]]), new Map([["a", 2]])),
    () => assertNotEquals({ a: 1 }, { a: 1 }),
    () => assertAlmostEquals(1, 1.001),
    () => assertGreater(1, 1),
    () => assertMatch("abc", /d/),
    () => assertStringIncludes("abc", "d"),
    () => assertThrows(() => {}),
    () =>
      assertThrows(() => {
        throw new TypeError("other");
      }, RangeError),
    () => assertRejects(() => Promise.resolve()),
    () => assertRejects(() => Promise.reject(new Error("one")), Error, "two"),
  ];
  for (const fails of failing) {
    let thrown: unknown;
    try {
      await fails();
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof AssertionError)) throw new Error(`nothing failed in ${fails}`);
  }
});

Deno.test("every name that the program imports from the standard library is held to its documentation", async () => {
  const names = new Set<string>();
  for (const folder of ["core", "drivers", "raster", "cli", "examples"]) {
    for await (const file of sources(new URL(`../${folder}/`, import.meta.url))) {
      const text = await Deno.readTextFile(file);
      const imports = /(?:import|const) \{([^}]*)\}(?: from|\s*= await import\()\s*"(@std\/[^"]+)"/g;
      for (const [, list, module] of text.matchAll(imports)) {
        for (const name of list!.split(",").map((one) => one.trim().split(/ as |:/)[0]!.trim())) {
          if (name !== "") names.add(`${module} ${name}`);
        }
      }
    }
  }
  assertEquals([...names].filter((name) => !Object.hasOwn(DOCUMENTED, name)), []);
});

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield new URL(name, folder);
  }
}
