import { assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { runDeno } from "../../core/deno_helper.ts";
import { tempFolder } from "../gdal.ts";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const MODULE = new URL("../../core/deno_helper.ts", import.meta.url).href;

/** A program that says its process id in a file, and never ends. */
function endless(file: string): string[] {
  return [
    "eval",
    `Deno.writeTextFileSync(${JSON.stringify(file)}, String(Deno.pid)); setInterval(() => {}, 1000);`,
  ];
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("it does not come true");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function pidIn(file: string): Promise<number> {
  const read = () => {
    try {
      return Number(Deno.readTextFileSync(file));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return 0;
      throw error;
    }
  };
  await until(() => read() > 0);
  return read();
}

function isGone(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

Deno.test("a helper's output and exit status are those of Deno", async () => {
  using folder = tempFolder();
  const code = "console.log(Deno.cwd()); console.error('an error'); Deno.exit(3);";
  const output = await runDeno(["eval", code], { cwd: folder.path });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(
    [output.code, text(output.stdout), text(output.stderr)],
    [3, `${Deno.realPathSync(folder.path)}\n`, "an error\n"],
  );
});

Deno.test("a helper ends with the program that started it, even if that is killed", async () => {
  using folder = tempFolder();
  const file = folder.file("pid");
  const script = `import { runDeno } from "${MODULE}"; await runDeno(${
    JSON.stringify(endless(file))
  }, { cwd: "/" });`;
  const program = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", CONFIG, `data:text/javascript,${encodeURIComponent(script)}`],
    stdin: "null",
  }).spawn();
  const pid = await pidIn(file);
  program.kill("SIGKILL");
  await program.status;
  await until(() => isGone(pid));
});

Deno.test("a helper ends when its signal is aborted, and is not started when it was", async () => {
  using folder = tempFolder();
  const abort = new AbortController();
  const running = runDeno(endless(folder.file("pid")), { cwd: folder.path, signal: abort.signal });
  const pid = await pidIn(folder.file("pid"));
  abort.abort(new Error("enough"));
  assertEquals((await running).success, false);
  await until(() => isGone(pid));
  const again = () => runDeno(endless(folder.file("pid2")), { cwd: folder.path, signal: abort.signal });
  await assertRejects(again, Error, "enough");
});
