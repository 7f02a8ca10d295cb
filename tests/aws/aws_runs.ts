/**
 * Whole runs of the program on a test account.
 *
 * @module
 */
import { fromFileUrl, join, toFileUrl } from "@std/path";
import type { TestAccount } from "./account.ts";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
const NDVI = fromFileUrl(new URL("../../examples/ndvi.ts", import.meta.url));

/** What a command gave. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user function that a test holds up. */
export interface GatedNdvi {
  /** Its module. */
  readonly module: string;
  /** Waits until a block of a run is being computed; gives the id of the ECS task that has begun it. */
  task(run: ReturnType<SceneFolder["command"]>): Promise<string>;
  /** Lets all blocks go on. */
  open(): Promise<void>;
}

/** A folder with a scene, and NDVI of it by threads: what runs on AWS must equal. */
export class SceneFolder implements AsyncDisposable {
  /** The folder. */
  readonly path: string;
  readonly #account: TestAccount;

  private constructor(path: string, account: TestAccount) {
    this.path = path;
    this.#account = account;
  }

  /** Makes scene and NDVI with the program's own demo. */
  static async make(account: TestAccount): Promise<SceneFolder> {
    const folder = new SceneFolder(await Deno.makeTempDir({ prefix: "blockfleet_awsrun_" }), account);
    const { code, stderr } = await folder.command(["demo", "--dir", folder.path, "--size", "1024"]).outcome;
    if (code !== 0) throw new TypeError(stderr);
    return folder;
  }

  /** Begins a command whose AWS is the account. */
  command(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { readonly child: Deno.ChildProcess; readonly outcome: Promise<CommandOutcome> } {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--cached-only", "-A", MAIN, ...args],
      env: {
        ...this.#account.environment(),
        XDG_STATE_HOME: join(this.path, "state"),
        NO_COLOR: "1",
        ...env,
      },
      cwd: this.path,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const decoder = new TextDecoder();
    const outcome = child.output().then(({ code, stdout, stderr }) => ({
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    }));
    return { child, outcome };
  }

  /** Begins NDVI of the scene on a kind, into `name.tif`. */
  async ndvi(
    name: string,
    { kind, extraParams, more = [], module = NDVI, env = {} }: {
      readonly kind: string;
      readonly extraParams: unknown;
      readonly more?: readonly string[];
      readonly module?: string;
      readonly env?: Readonly<Record<string, string>>;
    },
  ): Promise<ReturnType<SceneFolder["command"]>> {
    const params = join(this.path, `${name}.json`);
    await Deno.writeTextFile(params, JSON.stringify(extraParams));
    return this.command([
      ...["apply", module, "--in", `img=${join(this.path, "scene.tif")}`, "--nodata", "nan", "--json"],
      ...["--out", `ndvi=${join(this.path, `${name}.tif`)}`, "--kind", kind, "--extra-params", `@${params}`],
      ...["--workers", "3", "--job-name", name, ...more],
    ], env);
  }

  /** NDVI that waits in each block until the gate is opened. */
  async gatedNdvi(): Promise<GatedNdvi> {
    const [module, begun, gate] = ["gated_ndvi.ts", "begun", "gate"].map((name) => join(this.path, name));
    await Deno.writeTextFile(
      module!,
      `import ndvi from ${JSON.stringify(toFileUrl(NDVI).href)};
       const metadata = Deno.env.get("ECS_CONTAINER_METADATA_URI_V4") ?? "";
       const isOpen = () => Deno.stat(${JSON.stringify(gate)}).then(() => true, () => false);
       export default async (...args: Parameters<typeof ndvi>): Promise<void> => {
         Deno.writeTextFileSync(${JSON.stringify(begun)}, metadata);
         while (!await isOpen()) await new Promise((resolve) => setTimeout(resolve, 50));
         ndvi(...args);
       };`,
    );
    return {
      module: module!,
      task: async ({ outcome }) => {
        let isOver = false;
        outcome.finally(() => isOver = true);
        while (!isOver) {
          const text = await Deno.readTextFile(begun!).catch(() => "");
          if (text !== "") return text.split("/").at(-1)!;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        throw new TypeError(`it ended before any block was begun: ${(await outcome).stderr}`);
      },
      open: () => Deno.writeTextFile(gate!, ""),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
