import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { bundleModule } from "../../../core/ship/bundle_module.ts";
import { userFunctionSpec } from "../../../core/user_function_spec.ts";
import { loadUserFunction } from "../../../core/worker/user_function.ts";
import { load, placeIn, placesOf, project, ship } from "./support.ts";

const BUNDLERS = ["deno", "inside"] as const;

const ALONE = `// A comment.
import type { Options } from "./nowhere.ts";

interface Inputs<T> {
  readonly img: T;
}

export default function ndvi(inputs: Inputs<number>, options?: Options): number {
  const é = "𝒳" as string; /* ü */ if (inputs.img > 3) throw new RangeError(é);
  return (<T>(x: T): T => x)(inputs.img!);
}
`;

Deno.test("a module that imports types only is shipped as it is, and its errors are where they are", async () => {
  using folder = project({ "my fn.ts": ALONE });
  const code = await ship(folder, "my fn.ts");
  assertEquals(code.text.split("\n").length, ALONE.split("\n").length);
  assertEquals(code.sources, [new URL(`file://${folder.path}/my%20fn.ts`).href]);
  const ndvi = await load(code);
  assertEquals(ndvi({ img: 2 }), 2);
  const places = await placesOf(() => ndvi({ img: 4 }), folder.path);
  assertEquals(places[0], placeIn("my fn.ts", ALONE, "new RangeError"));
});

Deno.test("JavaScript, and Node's modules, need no bundler; a map that the text names is not taken for its own", async () => {
  const text = `#!/usr/bin/env deno
import { sep } from "node:path";
export default (x) => {
  if (x) null.y;
  return sep;
};
//# sourceMappingURL=data:application/json;base64,e30=
`;
  using folder = project({ "fn.mjs": text });
  const fn = await load(await ship(folder, "fn.mjs"));
  assertEquals(fn(0), "/");
  assertEquals((await placesOf(() => fn(1), folder.path))[0], placeIn("fn.mjs", text, "y;"));
});

const HELPER = `interface Big {
  x: number;
}

export enum Level {
  High = 3,
}

export function check(x: number): number {
  const big: Big = { x };
  if (big.x > Level.High) {
    throw new Error("too big");
  }
  return big.x;
}
`;
const USER = `import { check } from "lib/helper.ts";
import scale from "./scale.json" with { type: "json" };
import { name } from "./text.js";

export default async function user(x: number): Promise<string> {
  const { later } = await import("./later.ts");
  return name + later(check(x) * scale.factor);
}
`;
const FILES = {
  "deno.jsonc": `{ /* here */ "imports": { "lib/": "./lib of mine/" } }`,
  "lib of mine/helper.ts": HELPER,
  "user.ts": USER,
  "scale.json": `{ "factor": 10 }`,
  "text.js": `export const name = "x";\n`,
  "later.ts": `export const later = (n: number): string => String(n);\n`,
};

for (const bundler of BUNDLERS) {
  Deno.test(`${bundler}: what a module imports goes with it, and its errors are where they are`, async () => {
    using folder = project(FILES);
    const user = await load(await ship(folder, "user.ts", { bundler }));
    assertEquals(await user(2), "x20");
    const places = await placesOf(() => user(4), folder.path);
    assertEquals(places.slice(0, 2), [
      placeIn("lib of mine/helper.ts", HELPER, "new Error"),
      placeIn("user.ts", USER, "check(x)"),
    ]);
  });

  Deno.test(`${bundler}: names that mean something to a shell, a URL or esbuild are those of their files`, async () => {
    const helper =
      "export function check(n: number): number {\n  if (n > 3) throw new Error('big');\n  return n;\n}\n";
    for (const odd of ["a*b", "** a?b#c", "[ab]{a,b}", "100% %20", `ä"'$a:b`]) {
      const user = `import { check } from "./${encodeURIComponent(odd)}/h${encodeURIComponent(odd)}.ts";
export default (n: number) => check(n) + 1;
`;
      const [userFile, helperFile] = [`${odd}/${odd}.ts`, `${odd}/${odd}/h${odd}.ts`];
      using folder = project({ [userFile]: user, [helperFile]: helper });
      const url = new URL(`file://${folder.path}/${userFile.split("/").map(encodeURIComponent).join("/")}`);
      const shipped = await bundleModule(url, { bundler });
      assertEquals(shipped.sources.map((source) => decodeURIComponent(new URL(source).pathname)), [
        folder.file(helperFile),
        folder.file(userFile),
      ]);
      const call = await load(shipped);
      assertEquals(call(2), 3);
      assertThrows(() => call(4), Error, "big");
    }
  });

  Deno.test(`${bundler}: the same sources give the same hash wherever they are, and others another`, async () => {
    using here = project(FILES);
    using there = project(
      Object.fromEntries(Object.entries(FILES).map(([name, text]) => [`a/b/${name}`, text])),
    );
    using other = project({
      ...FILES,
      "later.ts": `export const later = (n: number): string => String(n + 1);`,
    });
    const { sha256, text, sourceMap } = await ship(here, "user.ts", { bundler });
    assertEquals((await ship(there, "a/b/user.ts", { bundler })).sha256, sha256);
    assertNotEquals((await ship(other, "user.ts", { bundler })).sha256, sha256);
    assert(!text.includes(here.path), text);
    assert(!sourceMap.includes("too big"), "the map holds the sources themselves");
  });

  Deno.test(`${bundler}: a package in node_modules goes too, with Node's and CommonJS modules behind it`, async () => {
    const user = `import sep, { two } from "old";
import flagged from "flagged";
import { where } from "npm:new@^1.2.0/sub/where";

export default function user(x: number): unknown {
  if (x > 3) two.fail();
  return [sep, two.number, flagged.default, where];
}
`;
    using folder = project({
      "package.json": `{ "dependencies": { "old": "1", "flagged": "1", "new": "1" } }`,
      "node_modules/old/package.json": `{ "name": "old", "version": "1.0.0", "main": "./lib" }`,
      "node_modules/old/lib/index.js":
        `exports.sep = require("path").sep;\nexports.two = require("./two");\n`,
      "node_modules/old/lib/two.js":
        `exports.number = 2;\nexports.fail = () => {\n  throw new Error("old");\n};\n`,
      "node_modules/flagged/package.json": `{ "name": "flagged", "version": "1.0.0" }`,
      "node_modules/flagged/index.js": `exports.__esModule = true;\nexports.default = "d";\n`,
      "node_modules/new/package.json":
        `{ "name": "new", "version": "1.3.0", "exports": { "./sub/*": { "import": "./*.mjs", "require": "./no.cjs" } } }`,
      "node_modules/new/where.mjs": `export const where = "esm";\n`,
      "user.ts": user,
    });
    const fn = await load(await ship(folder, "user.ts", { bundler }));
    const [old, ...others] = fn(1) as [{ sep: string }, ...unknown[]];
    assertEquals([old.sep, ...others], ["/", 2, "d", "esm"]);
    const places = await placesOf(() => fn(4), folder.path);
    assertStringIncludes(places[0]!, "node_modules/old/lib/two.js:3:");
    assertEquals(places[1], placeIn("user.ts", user, "fail()"));
  });

  Deno.test(`${bundler}: what only the program does stays behind with what it imports`, async () => {
    const text = `import { apply, type Options } from "./not there.ts";
import { check } from "./helper.ts";
import * as again from "./not there.ts";

async function main(options: Options): Promise<void> {
  await apply(new URL(import.meta.url), options);
}
const other = () => again.run(main);

export default (x: number): number => check(x);

if (import.meta.main) {
  await main({});
  other();
}
`;
    using folder = project({
      "fn.ts": text,
      "helper.ts": HELPER,
      "alone.ts": text.replaceAll(/.*check.*/g, ""),
    });
    const code = await ship(folder, "fn.ts", { bundler });
    assert(!/apply|not there/.test(code.text), code.text);
    const fn = await load(code);
    assertEquals(fn(3), 3);
    assertEquals((await placesOf(() => fn(4), folder.path))[1], placeIn("fn.ts", text, "check(x)"));
    assertEquals((await ship(folder, "alone.ts", { bundler })).text.trim(), "");
  });
}

Deno.test("an npm package from Deno's cache goes with the module, and is named without the cache's place", async () => {
  const text = `import { entry } from "./entry.ts";
import { exports as find } from "npm:resolve.exports@2.0.4";

export default (name: string): unknown => find({ name: "x", exports: { "./a": "./b.js" } }, entry(name));
`;
  using folder = project({
    "fn.ts": text,
    "entry.ts": "export const entry = (name: string): string => `./${name}`;",
  });
  const code = await ship(folder, "fn.ts");
  assert(code.sources.some((source) => source.startsWith("npm:resolve.exports@2.0.4/")), code.sources.join());
  assert(!/\/npm\/|\.cache/.test(code.text), "the text names the cache");
  const fn = await load(code);
  assertEquals(fn("a"), ["./b.js"]);
  const places = await placesOf(() => fn("c"), folder.path);
  assert(places[0]!.startsWith("npm:resolve.exports@2.0.4/"), places.join());
  assertEquals(places.find((place) => place.startsWith("fn.ts")), placeIn("fn.ts", text, "find({"));
});

Deno.test("a function given as a value is shipped too, and its errors are named by its own lines", async () => {
  const ndvi = (x: number): number => {
    if (x > 3) throw new Error("no");
    return x;
  };
  const spec = await userFunctionSpec(ndvi);
  const { call } = await loadUserFunction(spec);
  assertEquals(call(1), 1);
  const source = Function.prototype.toString.call(ndvi);
  assertEquals((await placesOf(() => call(4), "/"))[0], placeIn("function:ndvi", source, "new Error"));
});

Deno.test("a worker that may read nothing and fetch nothing loads shipped code", async () => {
  using folder = project(FILES);
  const code = await ship(folder, "user.ts");
  const loader = new URL("../../../core/ship/shipped_code.ts", import.meta.url);
  using program = project({
    "main.js": `import { loadShippedCode } from ${JSON.stringify(loader.href)};
const { code } = JSON.parse(await new Response(Deno.stdin.readable).text());
const { default: user } = await loadShippedCode(code);
console.log(await user(2));
await user(4).catch((error) => console.log(error.stack));
`,
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-remote",
      "--no-npm",
      "--no-config",
      program.file("main.js"),
    ],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify({ code })));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  assertEquals(lines[0], "x20", new TextDecoder().decode(stderr));
  assertStringIncludes(lines[2]!, placeIn("lib of mine/helper.ts", HELPER, "new Error"));
});

Deno.test("positions are the user's own in a Web Worker, too", async () => {
  using folder = project({ "fn.ts": ALONE });
  const code = await ship(folder, "fn.ts");
  const loader = new URL("../../../core/ship/shipped_code.ts", import.meta.url);
  using program = project({
    "worker.js": `import { loadShippedCode } from ${JSON.stringify(loader.href)};
self.onmessage = async ({ data }) => {
  const { default: fn } = await loadShippedCode(data);
  try {
    fn({ img: 4 });
  } catch (error) {
    self.postMessage(error.stack);
  }
};
`,
  });
  const worker = new Worker(new URL(`file://${program.file("worker.js")}`), { type: "module" });
  try {
    const answer = Promise.withResolvers<string>();
    worker.onmessage = ({ data }) => answer.resolve(data);
    worker.onerror = (event) => answer.reject(new Error(event.message));
    worker.postMessage(code);
    assertStringIncludes(await answer.promise, placeIn(`${folder.path}/fn.ts`, ALONE, "new RangeError"));
  } finally {
    worker.terminate();
  }
});
