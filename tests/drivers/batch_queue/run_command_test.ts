import { assertEquals, assertLess } from "@std/assert";
import { runCommand } from "../../../drivers/batch_queue/run_command.ts";

Deno.test("a command's words arrive as they are, and what it says is told apart", async () => {
  const argv = ["bash", "-c", 'printf %s "$1"; echo no >&2; exit 4', "_", "a 'b' $HOME\n"];
  assertEquals(await runCommand(argv), { argv, exitCode: 4, stdout: "a 'b' $HOME\n", stderr: "no\n" });
});

Deno.test("a command reads its standard input, and has the environment that it is given and no other", async () => {
  const argv = ["/bin/bash", "-c", 'cat; printf %s "$A-${HOME-none}"'];
  const { stdout } = await runCommand(argv, { stdin: "in\n", env: { A: "1" } });
  assertEquals(stdout, "in\n1-none");
});

Deno.test("a command that reads nothing of a long input is no error", async () => {
  const { exitCode } = await runCommand(["true"], { stdin: "x".repeat(1 << 20) });
  assertEquals(exitCode, 0);
});

Deno.test("a command that is not there is a result", async () => {
  const { exitCode, stderr } = await runCommand(["blockfleet-has-no-such-command"]);
  assertEquals([exitCode, stderr], [undefined, "blockfleet-has-no-such-command: command not found"]);
});

Deno.test("a command that hangs is killed after its time, and its children's pipes are not waited for", async () => {
  const sinceMs = performance.now();
  const argv = ["bash", "-c", "sleep 300 & echo $!; wait"];
  const { exitCode, stdout, stderr } = await runCommand(argv, { timeoutMs: 1000 });
  assertEquals([exitCode, stderr], [undefined, "bash: no answer within 1 s"]);
  Deno.kill(Number(stdout), "SIGKILL");
  assertLess(performance.now() - sinceMs, 200_000);
});

Deno.test("a command that is killed by a signal says by which", async () => {
  const { exitCode, stderr } = await runCommand(["bash", "-c", "kill -9 $$"]);
  assertEquals([exitCode, stderr], [undefined, "bash: killed by SIGKILL"]);
});
