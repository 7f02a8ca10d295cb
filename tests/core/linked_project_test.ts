import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { tempFolder } from "../gdal.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** A program outside, as README's "In a project of your own" has it. */
const PROGRAM = `import { mapBlocks } from "@blockfleet/blockfleet";
const concurrency = { computeWorkerKind: "CW_SUBPROC", numComputeWorkers: 1 };
const blocks = mapBlocks({ userFunction: (n) => 2 * n, blocks: [21], concurrency, onNotice: console.log });
for await (const { result } of blocks) console.log("computed", result);
`;

const CONFIG = {
  links: [ROOT],
  imports: { "@blockfleet/blockfleet": "jsr:@blockfleet/blockfleet@^0.1.0" },
};

/** A project that links to this one, and a Deno folder of its own. */
class LinkedProject implements Disposable {
  readonly #folder = tempFolder();
  readonly denoFolder: string = this.#folder.file("deno");

  constructor() {
    Deno.writeTextFileSync(this.#folder.file("deno.json"), JSON.stringify(CONFIG));
    Deno.writeTextFileSync(this.#folder.file("program.ts"), PROGRAM);
  }

  /** Gives it the packages that are in the usual cache, but for one version of one. */
  copyCacheWithout(path: string): void {
    const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
    const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout));
    Deno.mkdirSync(this.denoFolder);
    // Hard links where they are on one disk, which saves most of the time.
    for (const how of ["-rl", "-r"]) {
      const { success } = new Deno.Command("cp", { args: [how, npmCache, `${this.denoFolder}/npm`] })
        .outputSync();
      if (success) break;
      Deno.removeSync(`${this.denoFolder}/npm`, { recursive: true });
    }
    // Deno has a folder for each registry.
    for (const { name } of Deno.readDirSync(`${this.denoFolder}/npm`)) {
      Deno.removeSync(`${this.denoFolder}/npm/${name}/${path}`, { recursive: true });
    }
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): { code: number; said: string } {
    const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ...args, this.#folder.file("program.ts")],
      env: { DENO_DIR: this.denoFolder, NO_COLOR: "1", ...env },
      cwd: this.#folder.path,
    }).outputSync();
    return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** Whether Deno can fetch a package, wherever its registry is. */
function canFetch(): boolean {
  const folder = Deno.makeTempDirSync();
  try {
    const { success } = new Deno.Command(Deno.execPath(), {
      args: ["cache", "--no-config", "--no-lock", "npm:@types/estree@1.0.10"],
      env: { DENO_DIR: folder },
      cwd: folder,
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return success;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const isOffline = !canFetch();

/** A package that this project's lock file pins and that a project without it resolves to another version. */
function pinned(): string {
  const { npm } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.lock`));
  const name = Object.keys(npm).find((key) => key.startsWith("@types/estree@"));
  return name!.replace("@types/estree@", "@types/estree/");
}

Deno.test({
  name: `in a linked project with an empty cache, worker processes get their packages${
    isOffline ? " (skipped: needs the npm registry)" : ""
  }`,
  ignore: isOffline,
  fn: () => {
    using project = new LinkedProject();
    for (const round of ["first", "second"]) {
      const { code, said } = project.run([]);
      assertEquals(code, 0, said);
      assertStringIncludes(said, "computed 42");
      if (round === "second") assert(!said.includes("Fetching"), said);
    }
  },
});

Deno.test("a package of workers that can't be fetched is named, with the command that fetches it", () => {
  using project = new LinkedProject();
  project.copyCacheWithout(pinned());
  // What is in the cache is taken from there, so that only the workers' versions are missed.
  const { code, said } = project.run(["--cached-only"], { HTTPS_PROXY: "http://127.0.0.1:1" });
  assertEquals(code, 1, said);
  assertStringIncludes(said, pinned().replace("estree/", "estree@"));
  assertStringIncludes(said, "deno cache --quiet --frozen cli/main.ts");
});
