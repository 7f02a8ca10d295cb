/**
 * moto's server, which stands for AWS. It is found as `BLOCKFLEET_MOTO` (the path of `moto_server`) or on PATH; `.ci/run`
 * installs it. Where it is absent tests are skipped, but not in CI (`BLOCKFLEET_CI=1`).
 *
 * @module
 */
import { type AwsAnswer, type AwsCall, bodyOf } from "./aws_call.ts";

/** The region of every test. */
export const REGION = "us-east-1";

/** What moto may take to answer, on a machine with much else to do. */
const READY_MS = 60_000;

/** Why tests over moto can't run here; undefined if they can, and in CI, where they must. */
export async function motoMissing(): Promise<string | undefined> {
  if (await findMoto() !== undefined) return undefined;
  if (Deno.env.get("BLOCKFLEET_CI") === "1") {
    throw new TypeError("moto_server is not there, and in CI (BLOCKFLEET_CI=1) nothing may be skipped");
  }
  return "moto_server is not on PATH: pip install 'moto[server]'";
}

async function findMoto(): Promise<string | undefined> {
  const set = Deno.env.get("BLOCKFLEET_MOTO");
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  for (const path of set === undefined ? folders.map((folder) => `${folder}/moto_server`) : [set]) {
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    }
  }
  return undefined;
}

/** A running moto. */
export class MotoServer implements AsyncDisposable {
  /** Where it listens. */
  readonly endpoint: string;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  /** Starts one on a free port, and on another if somebody else takes that in between. */
  static async start(): Promise<MotoServer> {
    const program = (await findMoto())!;
    let moto: MotoServer | undefined;
    for (let tries = 0; moto === undefined && tries < 5; tries++) moto = await MotoServer.#tryStart(program);
    if (!moto) throw new TypeError("moto_server ends as soon as it is started");
    // Jobs would run in Docker, and a task would go towards its end each time that it is described.
    await moto.#post("/moto-api/config", { batch: { use_docker: false } });
    await moto.#post("/moto-api/state-manager/set-transition", {
      model_name: "ecs::task",
      transition: { progression: "manual", times: 1_000_000_000 },
    });
    return moto;
  }

  /** Passes a call on as it is. */
  async send(call: AwsCall): Promise<AwsAnswer> {
    const { method, path, headers } = call;
    const { host: _, connection: __, "content-length": ___, expect: ____, ...rest } = headers;
    const body = bodyOf(call);
    const answer = await fetch(this.endpoint + path, {
      method,
      headers: rest,
      ...body === undefined ? {} : { body },
    });
    const text = await answer.text();
    const kept = ["content-type", "x-amzn-errortype", "x-amzn-requestid"];
    return {
      status: answer.status,
      headers: Object.fromEntries(
        kept.flatMap((name) => answer.headers.get(name)?.split(", ").slice(0, 1).map((v) => [name, v]) ?? []),
      ),
      body: text,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  static async #tryStart(program: string): Promise<MotoServer | undefined> {
    const port = freePort();
    const child = new Deno.Command(program, {
      args: ["-H", "127.0.0.1", "-p", String(port)],
      // Else it looks for the real account's instance metadata.
      env: { AWS_EC2_METADATA_DISABLED: "true" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const moto = new MotoServer(child, `http://127.0.0.1:${port}`);
    return await moto.#ready() ? moto : undefined;
  }

  /** Whether it has come to answer; if not, it has ended. */
  async #ready(): Promise<boolean> {
    let isOver = false;
    this.#child.status.then(() => isOver = true);
    const endMs = performance.now() + READY_MS;
    while (!isOver && performance.now() < endMs) {
      try {
        await (await fetch(`${this.endpoint}/moto-api/`)).body?.cancel();
        // What has answered may be another's, if ours could not have the port.
        await new Promise((resolve) => setTimeout(resolve, 50));
        if (!isOver) return true;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    if (isOver) return false;
    await this[Symbol.asyncDispose]();
    throw new TypeError(`moto_server did not answer within ${READY_MS / 1000} s`);
  }

  async #post(path: string, value: unknown): Promise<void> {
    const answer = await fetch(this.endpoint + path, { method: "POST", body: JSON.stringify(value) });
    await answer.body?.cancel();
    if (!answer.ok) throw new TypeError(`moto refused ${path}: ${answer.status}`);
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
