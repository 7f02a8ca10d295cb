import { assertEquals } from "@std/assert";
import { join } from "@std/path";

const ROOT = new URL("../", import.meta.url);

// No network here, so no `denort` to make a program that runs: with deno itself in its place everything is still
// resolved and packed, and the list of what is in it is printed.
Deno.test("the compiled program has in it whatever a run loads later: worker, drivers, codecs, bundler, examples", async () => {
  const folder = await Deno.makeTempDir({ prefix: "blockfleet_test_" });
  try {
    const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const [deno, compile, ...rest] = (config.tasks.compile as string).split(" ");
    assertEquals([deno, compile], ["deno", "compile"]);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["compile", "--no-check", ...withOutput(rest, join(folder, "blockfleet"))],
      cwd: ROOT,
      env: { DENORT_BIN: await Deno.realPath(Deno.execPath()), NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, 0, text);
    // Folders without files of other folders between them are listed as one.
    const listed = new Set([...text.matchAll(/── ?([\w@./*-]+)/g)].map(([, name]) => name!));
    const wanted = [
      "compute_thread.ts",
      ...["none", "threads", "subproc", "pbs", "slurm", "ecs", "aws_batch"].map((driver) => `${driver}.ts`),
      ...["ecs", "batch", "ec2", "cloudformation", "cloudwatch-logs"].map((client) => `client-${client}/*`),
      "examples/*",
      "esbuild-wasm/0.28.2/*",
      "@cornerstonejs/codec-libjpeg-turbo-8bit/*",
      "lerc/4.1.1/*",
      "worker_command.ts",
    ];
    assertEquals(wanted.filter((name) => !listed.has(name)), [], text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function withOutput(args: readonly string[], path: string): string[] {
  const at = args.indexOf("--output");
  return args.with(at + 1, path) as string[];
}
