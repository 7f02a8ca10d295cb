/**
 * Starts a fake PBS: a server and `qsub`, `qstat`, `qdel` to put on PATH.
 *
 * @module
 */
import { dirname, fromFileUrl } from "@std/path";
import { DEFAULT_CONFIG, type FakePbsConfig } from "./fake_config.ts";

const HERE = fromFileUrl(new URL("./", import.meta.url));

/** A running one. */
export class FakePbs implements AsyncDisposable {
  /** What a process needs to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** How it is set up. */
  readonly config: FakePbsConfig;
  /** Everything that it writes. */
  readonly folder: string;
  readonly #server: Deno.ChildProcess;

  private constructor(folder: string, config: FakePbsConfig, server: Deno.ChildProcess) {
    this.folder = folder;
    this.config = config;
    this.#server = server;
    this.env = { FAKE_PBS: folder, PATH: `${HERE}bin:${Deno.env.get("PATH")}` };
  }

  /** What stands for the site's /etc/profile.d/pbs.sh: lines for `~/.profile`, with which jobs find PBS's commands. */
  get profile(): string {
    return `export FAKE_PBS='${this.folder}' PATH="${HERE}bin:${dirname(Deno.execPath())}:$PATH"\n`;
  }

  /**
   * Starts one and waits until it answers.
   *
   * @param program the server's module.
   */
  static async start(
    options: Partial<FakePbsConfig> = {},
    program: string = `${HERE}server_main.ts`,
  ): Promise<FakePbs> {
    const config = { ...DEFAULT_CONFIG, ...options };
    const folder = await Deno.makeTempDir({ prefix: "blockfleet_pbs_" });
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
    const server = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", program, folder],
      ...{ stdin: "piped", stdout: "inherit", stderr: "inherit" },
    }).spawn();
    const isUp = () => Deno.stat(`${folder}/server.sock`).then(() => true, () => false);
    while (!await isUp()) await new Promise((resolve) => setTimeout(resolve, 20));
    return new FakePbs(folder, config, server);
  }

  /** Lets the server answer nothing, as when it is down; jobs run on. */
  async down(): Promise<void> {
    await this.#control("down");
  }

  /** Ends {@linkcode down}. */
  async up(): Promise<void> {
    await this.#control("up");
  }

  /** Every command until now, word by word. */
  async commands(): Promise<string[][]> {
    const text = await Deno.readTextFile(`${this.folder}/commands.log`).catch(() => "");
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Kills its jobs, ends the server and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stdin.close();
    await this.#server.status;
    await Deno.remove(this.folder, { recursive: true });
  }

  async #control(word: string): Promise<void> {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", "--quiet", `${HERE}client.ts`, "control", word],
      env: { ...this.env },
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  }
}
