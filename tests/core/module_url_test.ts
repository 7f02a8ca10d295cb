import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../core/errors.ts";
import { toModuleUrl } from "../../core/module_url.ts";
import { userFunctionSpec } from "../../core/user_function_spec.ts";
import { loadUserFunction } from "../../core/worker/user_function.ts";
import { tempFolder } from "../gdal.ts";

const ODD_NAMES = [
  "with space.ts",
  "100%.ts",
  "%41.ts",
  "what?.ts",
  "a#b.ts",
  "ünï.ts",
  "back\\slash.ts",
  "a:b;c&d.ts",
];

Deno.test("a path is a file, whatever letters are in it", async () => {
  using folder = tempFolder();
  for (const name of ODD_NAMES) {
    const path = folder.file(name);
    await Deno.writeTextFile(path, `export default () => ${JSON.stringify(name)};`);
    const url = toModuleUrl(path);
    assertEquals(await Deno.readTextFile(url), await Deno.readTextFile(path));
    assertEquals((await import(url.href)).default(), name);
  }
});

Deno.test("a relative path counts from the current folder, also where that has an odd name", async () => {
  using folder = tempFolder();
  const odd = join(folder.path, "dir #1 100%?");
  await Deno.mkdir(odd);
  await Deno.writeTextFile(join(odd, "fn.ts"), "export default 5;");
  const before = Deno.cwd();
  try {
    Deno.chdir(odd);
    for (const path of ["fn.ts", "./fn.ts", "../dir #1 100%?/fn.ts"]) {
      assertEquals((await import(toModuleUrl(path).href)).default, 5, path);
    }
  } finally {
    Deno.chdir(before);
  }
});

Deno.test("a URL is taken as it is", () => {
  for (
    const url of [
      "https://example.com/a%20b.ts?x=1",
      "npm:left-pad@1.0.0",
      "data:text/javascript,1",
      "file:///a%23.ts",
    ]
  ) {
    assertEquals(toModuleUrl(url).href, url);
  }
  const url = new URL("file:///x.ts");
  assertEquals(toModuleUrl(url), url);
});

const MODULE = `
export default () => "default";
export const named = () => "named";
export const number = 5;
export function mergeOtherArgs(total) { return total; }
`;

Deno.test("a module's function is found by path, by URL, by name, or as its only one", async () => {
  using folder = tempFolder();
  const path = folder.file("two functions.ts");
  await Deno.writeTextFile(path, MODULE);
  const one = folder.file("one.ts");
  await Deno.writeTextFile(one, "export const only = () => 'only';\nexport const mergeOtherArgs = () => {};");
  const named = toModuleUrl(path);
  named.hash = "named";
  const cases: [string | URL, string][] = [
    [path, "default"],
    [toModuleUrl(path), "default"],
    [`${path}#named`, "named"],
    [named, "named"],
    [`${path}#default`, "default"],
    [one, "only"],
  ];
  for (const [given, expected] of cases) {
    const loaded = await loadUserFunction(await userFunctionSpec(given));
    assertEquals(loaded.call(), expected);
    assertEquals(typeof loaded.mergeOtherArgs, "function");
  }
});

Deno.test("a # in a folder's name is no export", async () => {
  using folder = tempFolder();
  await Deno.mkdir(folder.file("scene#3"));
  await Deno.writeTextFile(folder.file("scene#3/fn.ts"), MODULE);
  const spec = await userFunctionSpec(folder.file("scene#3/fn.ts"));
  assertEquals((await loadUserFunction(spec)).call(), "default");
  const named = await userFunctionSpec(folder.file("scene#3/fn.ts#named"));
  assertEquals((await loadUserFunction(named)).call(), "named");
});

Deno.test("a missing file, folder, export name or function is refused, with what there is", async () => {
  using folder = tempFolder();
  const path = folder.file("fn.ts");
  await Deno.writeTextFile(path, MODULE);
  const none = folder.file("none.ts");
  await Deno.writeTextFile(none, "export const x = 1;");
  const broken = folder.file("broken.ts");
  await Deno.writeTextFile(broken, "export default (;");
  const load = async (given: string) => await loadUserFunction(await userFunctionSpec(given));
  const cases: [string, string][] = [
    [folder.file("missing.ts"), "no such file"],
    [folder.path, "is not a file"],
    [`${path}#`, `names no export after its "#"`],
    [`${path}#%zz`, "is no export's name"],
    [`${path}#nope`, "no function named 'nope': its functions are default, named"],
    [`${path}#number`, "no function named 'number'"],
    [`${path}#toString`, "no function named 'toString'"],
    [none, "it exports no function"],
    [broken, "Cannot load"],
  ];
  for (const [given, message] of cases) await assertRejects(() => load(given), ConfigError, message);
});

Deno.test("anything else is no user function", async () => {
  for (const given of [undefined, 5, {}]) {
    await assertRejects(
      () => userFunctionSpec(given as unknown as string),
      ConfigError,
      "userFunction must be",
    );
  }
});
