import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { tempFolder } from "../gdal.ts";
import { assertSamePixels, filesIn, makeRaster, readRaster } from "../raster/apply_support.ts";

const STAND_IN = fromFileUrl(new URL("../fakes/compiled_program.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** Stands for the compiled program: it starts this module's stand-in, and writes down with which command. */
const SCRIPT = `#!/bin/sh
echo "$1" >> "$0.log"
exec '${Deno.execPath()}' run -A --no-prompt --cached-only --config '${CONFIG}' '${STAND_IN}' "$0" "$@"
`;

interface Program extends Disposable {
  readonly path: string;
  file(name: string): string;
  /** The commands that it was started with, by the test or by itself. */
  commands(): string[];
  run(...args: string[]): Promise<{ code: number; out: string; err: string }>;
}

function compiledProgram(module = STAND_IN): Program {
  const folder = tempFolder();
  const program = folder.file("blockfleet");
  Deno.writeTextFileSync(program, SCRIPT.replace(STAND_IN, module), { mode: 0o700 });
  return {
    ...{ path: folder.path, file: folder.file },
    commands: () => Deno.readTextFileSync(`${program}.log`).trim().split("\n"),
    async run(...args) {
      const command = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" });
      const { code, stdout, stderr } = await command.output();
      return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "a compiled program starts itself as its workers, and bundles the user function by itself",
  ignore,
  fn: async () => {
    using program = compiledProgram();
    const { file } = program;
    const { pixels } = makeRaster(file("in.tif"), { width: 100, height: 70 });
    Deno.writeTextFileSync(file("fn.ts"), `import { twice } from "./lib.ts";\n${COMPUTE}`);
    Deno.writeTextFileSync(
      file("lib.ts"),
      "export enum By { two = 2 }\nexport const twice = (x: number) => x * By.two;",
    );
    const { code, out, err } = await program.run(
      ...["apply", file("fn.ts"), "--in", `img=${file("in.tif")}`, "--out", `out=${file("out.tif")}`],
      ...["--kind", "CW_SUBPROC", "--workers", "2", "--window", "64x32", "--json"],
      ...["--co", "BLOCKXSIZE=64", "--co", "BLOCKYSIZE=32"],
    );
    assertEquals([code, err.includes("blockfleet: ")], [0, false], err);
    const { workers, blocks } = JSON.parse(out);
    assertEquals([workers, blocks.done], [{ kind: "CW_SUBPROC", ran: 2, started: 2, lost: 0 }, 6]);
    const twice = Uint16Array.from(pixels as Uint16Array, (pixel) => 2 * pixel);
    assertSamePixels((await readRaster(file("out.tif"))).pixels, twice, "out");
    assertEquals(program.commands(), ["apply", "worker", "worker"]);
  },
});

const COMPUTE =
  "export default (_info: any, { img }: any, outputs: any) => { outputs.out = img.data.map(twice); };";

Deno.test({
  name: "a compiled program loads a driver with all that it imports, or says why not",
  ignore,
  fn: async () => {
    using program = compiledProgram();
    const { file } = program;
    Deno.writeTextFileSync(file("driver.ts"), `import { kind } from "./kind.ts";\n${DRIVER}`);
    Deno.writeTextFileSync(file("kind.ts"), `export const kind: string = "CW_MINE";`);
    const loaded = await program.run("kinds", "--driver", file("driver.ts"), "--json");
    assertEquals([loaded.code, loaded.err], [0, ""]);
    const mine = JSON.parse(loaded.out).kinds.at(-1);
    assertEquals(mine, { kind: "CW_MINE", built: true, available: false, reason: "it is mine" });
    Deno.writeTextFileSync(file("placed.ts"), `const kind = import.meta.url;\n${DRIVER}`);
    Deno.writeTextFileSync(file("lost.ts"), `import { kind } from "./none.ts";\n${DRIVER}`);
    const refused: [string, string][] = [
      ["placed.ts", "placed.ts:1:14 uses import.meta.url"],
      ["lost.ts", "none.ts"],
      ["absent.ts", "No such file"],
    ];
    for (const [name, words] of refused) {
      const { code, out, err } = await program.run("kinds", "--driver", file(name));
      assertEquals([code, out, err.trim().split("\n").length], [2, "", 1], err);
      assert(err.startsWith(`blockfleet: Cannot load the driver '${file(name)}': `), err);
      assertStringIncludes(err, words);
      assert(!err.includes("user function"), err);
    }
  },
});

const DRIVER = `export const driver = {
  kind,
  available: () => Promise.resolve({ available: false, reason: "it is mine" }),
  start: () => Promise.reject(new Error("never")),
};`;

Deno.test({
  name: "what a compiled program can't do is refused by name before anything starts",
  ignore,
  fn: async () => {
    using program = compiledProgram();
    const { file } = program;
    makeRaster(file("in.tif"), { width: 20, height: 20 });
    const functions: Record<string, [string, string]> = {
      "plain.ts": ["export default () => {};", "leave out --ship-code no"],
      "addon.ts": [`import a from "./a.node";\nexport default () => a;`, "native add-on 'a.node'"],
      "named.ts": ["export default (x: string) => import(x);", "known only when it runs"],
      "asset.ts": [
        "export default () => Deno.readFile(new URL('x.bin', import.meta.url));",
        "uses import.meta.url",
      ],
      "remote.ts": [
        `import x from "https://example.com/x.ts";\nexport default () => x;`,
        "https://example.com/x.ts",
      ],
    };
    for (const [name, [text]] of Object.entries(functions)) Deno.writeTextFileSync(file(name), text);
    Deno.writeTextFileSync(file("a.node"), "");
    const before = filesIn(program.path);
    const files = ["--in", `img=${file("in.tif")}`, "--out", `out=${file("out.tif")}`];
    for (const [name, [, words]] of Object.entries(functions)) {
      const shipCode = name === "plain.ts" ? ["--ship-code", "no"] : [];
      const { code, err } = await program.run("apply", file(name), ...files, ...shipCode);
      assertEquals([code, err.trim().split("\n").length], [2, 1], err);
      assertStringIncludes(err, words);
      // There is nothing to fall back on.
      if (name !== "plain.ts") assert(!err.includes("--ship-code"), err);
      assertEquals(filesIn(program.path).filter((one) => !one.endsWith(".log")), before);
    }
  },
});

const SQUARES = `const [path, ...args] = Deno.args;
Object.defineProperty(Deno, "build", { value: { ...Deno.build, standalone: true } });
Deno.execPath = () => path;
const { serveWorkers } = await import("${new URL("../../cli/main.ts", import.meta.url)}");
const { CW_SUBPROC, mapBlocks } = await import("${new URL("../../mod.ts", import.meta.url)}");
if (args[0] !== "alone") await serveWorkers(args);
const concurrency = { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 2 };
let sum = 0;
try {
  for await (const { result } of mapBlocks({ userFunction: (n) => n * n, blocks: [1, 2, 3], concurrency })) sum += result;
  console.log(sum);
} catch (error) {
  console.log(error.message);
}
`;

Deno.test({
  name: "a compiled program of the user's own serves its workers, or is told how before any is started",
  ignore,
  fn: async () => {
    using own = tempFolder();
    Deno.writeTextFileSync(own.file("squares.ts"), SQUARES);
    using program = compiledProgram(own.file("squares.ts"));
    assertEquals(await program.run("go"), { code: 0, out: "14\n", err: "" });
    assertEquals(program.commands(), ["go", "worker", "worker"]);
    const { out } = await program.run("alone");
    assertStringIncludes(out, "let it begin with `await serveWorkers()` from @blockfleet/blockfleet/cli");
    assertEquals(program.commands(), ["go", "worker", "worker", "alone"]);
  },
});
