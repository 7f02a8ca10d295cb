/**
 * A test account in a process of its own.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import type { EcsEssentials } from "./ecs_network.ts";

const SERVE = fromFileUrl(new URL("./serve_account.ts", import.meta.url));

/** An account whose door is in this process's environment until it is disposed of. */
export class AccountProcess implements AsyncDisposable {
  /** What ECS needs there. */
  readonly essentials: EcsEssentials;
  readonly #child: Deno.ChildProcess;
  readonly #before: readonly (readonly [string, string | undefined])[];

  private constructor(
    child: Deno.ChildProcess,
    { environment, essentials }: { environment: Record<string, string>; essentials: EcsEssentials },
  ) {
    this.#child = child;
    this.essentials = essentials;
    this.#before = Object.keys(environment).map((name) => [name, Deno.env.get(name)]);
    for (const [name, value] of Object.entries(environment)) Deno.env.set(name, value);
  }

  /** Starts it; it has the Batch stack of `batch_stack.ts`. */
  static async start(): Promise<AccountProcess> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", SERVE],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let line = "";
    while (!line.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new TypeError("the account's process ended at once");
      line += value;
    }
    reader.releaseLock();
    return new AccountProcess(child, JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, value] of this.#before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    await this.#child.stdin.close();
    await this.#child.status;
  }
}
