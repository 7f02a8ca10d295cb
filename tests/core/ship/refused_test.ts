import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AbortedError, ConfigError } from "../../../core/errors.ts";
import { bundleModule } from "../../../core/ship/bundle_module.ts";
import { loadShippedCode } from "../../../core/ship/shipped_code.ts";
import { userFunctionSpec } from "../../../core/user_function_spec.ts";
import { loadUserFunction } from "../../../core/worker/user_function.ts";
import { load, project, ship } from "./support.ts";

/** Asserts that a module is refused in one line with these words, `DIR` standing for its folder. */
async function assertRefused(
  files: Record<string, string>,
  words: string[],
  options: Parameters<typeof bundleModule>[1] & { advice?: boolean } = {},
): Promise<void> {
  using folder = project(files);
  const error = await assertRejects(() => ship(folder, "fn.ts", options), ConfigError);
  for (const word of words) assertStringIncludes(error.message, word.replace("DIR", folder.path));
  const isAdvised = error.message.includes("--ship-code no");
  if (options.advice !== undefined) assertEquals(isAdvised, options.advice, error.message);
  assert(!/\n/.test(error.message) && !error.message.includes("\u001b"), error.message);
}

const ASSETS: [string, string, string][] = [
  [
    "import.meta.url",
    "export default () => new URL('./table.csv', import.meta.url);",
    "1:45 uses import.meta.url",
  ],
  [
    "import.meta.dirname",
    "\nexport default () => import.meta.dirname + '/x';",
    "2:22 uses import.meta.dirname",
  ],
  ["import.meta.filename", "export default () => import.meta.filename;", "1:22 uses import.meta.filename"],
  [
    "import.meta.resolve()",
    "export default () => import.meta.resolve('./x');",
    "1:22 uses import.meta.resolve",
  ],
  ["import.meta itself", "const { url } = import.meta;\nexport default () => url;", "1:17 uses import.meta"],
  [
    "an import by a name that only running tells",
    "export default (name: string) => import(name);",
    "1:34 imports a module whose name is known only when it runs",
  ],
];
for (const [what, text, words] of ASSETS) {
  Deno.test(`${what} is refused, with its place`, async () => {
    await assertRefused({ "fn.ts": text }, [
      `DIR/fn.ts:${words.split(" ")[0]}`,
      words.slice(words.indexOf(" ")),
      "--ship-code no",
    ]);
  });
}

for (const bundler of ["deno", "inside"] as const) {
  Deno.test(`${bundler}: what an imported file does is refused there`, async () => {
    const files = {
      "fn.ts": `import { x } from "./lib.ts";\nexport default () => x;`,
      "lib.ts": `type A = 1;\n\nexport const x = (a: A) => [a, import.meta.dirname, import(String(a))];\n`,
    };
    await assertRefused(files, ["DIR/lib.ts:3:", "uses import.meta.dirname", "(and 1 more"], { bundler });
  });

  Deno.test(`${bundler}: a native add-on is refused by name`, async () => {
    const addon = { "fn.ts": `import x from "./fast.node";\nexport default () => x;`, "fast.node": "x" };
    await assertRefused(addon, ["native add-on 'fast.node'", "DIR/fn.ts:1:"], { bundler, advice: true });
    const loader = {
      "fn.ts": `import x from "bindings";\nexport default () => x("fast");`,
      "package.json": `{ "dependencies": { "bindings": "1" } }`,
      "node_modules/bindings/package.json": `{ "name": "bindings", "version": "1.0.0" }`,
      "node_modules/bindings/index.js": `module.exports = (name) => name;`,
    };
    await assertRefused(loader, ["imports 'bindings', which loads native add-ons"], { bundler });
  });

  Deno.test(`${bundler}: a package that reads a file beside it is refused, one that looks where it is is not`, async () => {
    const files = (text: string) => ({
      "fn.ts": `import x from "pkg";\nexport default () => x();`,
      "package.json": `{ "dependencies": { "pkg": "1" } }`,
      "node_modules/pkg/package.json": `{ "name": "pkg", "version": "1.0.0", "exports": "./index.mjs" }`,
      "node_modules/pkg/index.mjs": text,
    });
    const wasm = `export default () => new URL("./fast.wasm", import.meta.url);`;
    await assertRefused(files(wasm), ["node_modules/pkg/index.mjs:1:", "uses import.meta.url"], { bundler });
    using folder = project(files(`const here = import.meta.url;\nexport default () => typeof here;`));
    assertEquals((await load(await ship(folder, "fn.ts", { bundler })))(), "string");
  });

  Deno.test(`${bundler}: a missing file, package or export is named, with its place`, async () => {
    const lines: [string, string[]][] = [
      [`import { x } from "./missing.ts";`, ["Module not found 'DIR/missing.ts'", "DIR/fn.ts:1:19"]],
      [`import { x } from "not-there-at-all";`, ["not-there-at-all", "DIR/fn.ts:1:"]],
      [`import { x } from "./lib.ts";`, [`No matching export`, `"x"`, "DIR/fn.ts:1:"]],
    ];
    for (const [line, words] of lines) {
      await assertRefused(
        { "fn.ts": `${line}\nexport default () => x;`, "lib.ts": "export const y = 1;" },
        words,
        { bundler, advice: false },
      );
    }
  });

  Deno.test(`${bundler}: a syntax error is named with its place`, async () => {
    const bad = "export const a = 1;\nexport const b = ( => 1;\n";
    await assertRefused({ "fn.ts": `import "./bad.ts";\nexport default () => 1;`, "bad.ts": bad }, [
      "DIR/bad.ts:2:20",
    ], { bundler, advice: false });
    await assertRefused({ "fn.ts": bad }, ["DIR/fn.ts:2:20"], { bundler, advice: false });
  });

  Deno.test(`${bundler}: an abort ends the bundling`, async () => {
    using folder = project({
      "fn.ts": `import "./lib.ts";\nexport default () => 1;`,
      "lib.ts": "export {};",
    });
    await assertRejects(() => ship(folder, "fn.ts", { bundler, signal: AbortSignal.abort() }), AbortedError);
  });
}

Deno.test("a module in Latin-1 is refused with the line, since its letters would be replaced", async () => {
  using folder = project({ "fn.ts": "" });
  const text = 'export const name =\n  "Stra\xdfe";\nexport default () => name;\n';
  await Deno.writeFile(`${folder.path}/fn.ts`, Uint8Array.from(text, (char) => char.charCodeAt(0)));
  await assertRejects(() => ship(folder, "fn.ts"), ConfigError, "it is not UTF-8 text (line 2)");
});

Deno.test("an npm package that can't be had is named", async () => {
  const name = "blockfleet-there-is-no-such-package";
  const text = `import x from "npm:${name}@1.0.0";\nexport default () => x;`;
  await assertRefused({ "fn.ts": text }, [`'${name}`, "DIR/fn.ts:1:"], { bundler: "inside" });
});

Deno.test("inside a program, what only Deno can fetch is refused by name", async () => {
  for (const specifier of ["https://example.com/x.ts", "jsr:@std/math@1"]) {
    const text = `import x from "${specifier}";\nexport default () => x;`;
    await assertRefused({ "fn.ts": text }, [`imports '${specifier}'`, "DIR/fn.ts:1:"], { bundler: "inside" });
  }
  const files = {
    "fn.ts": `import x from "npm:pkg@^2.0.0";\nexport default () => x;`,
    "node_modules/pkg/package.json": `{ "name": "pkg", "version": "1.9.0" }`,
  };
  await assertRefused(files, ["imports pkg@^2.0.0, but", "is version 1.9.0"], { bundler: "inside" });
});

Deno.test("a package whose evaluation fails is the user function's failure to load", async () => {
  using folder = project({
    "fn.ts": `import x from "pkg";\nexport default () => x;`,
    "package.json": `{ "dependencies": { "pkg": "1" } }`,
    "node_modules/pkg/package.json": `{ "name": "pkg", "version": "1.0.0", "exports": "./index.mjs" }`,
    "node_modules/pkg/index.mjs": `throw new Error("no GPU");\nexport default 1;`,
  });
  const spec = await userFunctionSpec(folder.file("fn.ts"));
  const error = await assertRejects(() => loadUserFunction(spec), ConfigError);
  assertEquals(error.message, `Cannot load 'file://${folder.path}/fn.ts': no GPU`);
});

Deno.test("code that is not the code that was announced is not run", async () => {
  const code = await bundleModule(new URL("data:text/javascript,export default 1"));
  await assertRejects(
    () => loadShippedCode({ ...code, text: "export default 2;" }),
    ConfigError,
    "as announced",
  );
});

Deno.test("with shipCode: false a module is imported by its URL", async () => {
  using folder = project({ "fn.ts": "export default () => import.meta.dirname;" });
  const spec = await userFunctionSpec(folder.file("fn.ts"), { shipCode: false });
  assertEquals(spec.kind, "module");
  assertEquals((await loadUserFunction(spec)).call(), folder.path);
});
