import { assertEquals } from "@std/assert";
import { WorkerOutput } from "../../core/worker_output.ts";

interface Heard {
  readonly lines: string[];
  readonly clock: { nowMs: number };
  readonly output: WorkerOutput;
}

function hear(): Heard {
  const lines: string[] = [];
  const clock = { nowMs: 0 };
  const notice = (line: string) => lines.push(line);
  return { lines, clock, output: new WorkerOutput("worker 4", { notice, now: () => clock.nowMs }) };
}

async function write(sink: WritableStream<Uint8Array>, ...texts: string[]): Promise<void> {
  const writer = sink.getWriter();
  for (const text of texts) await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

Deno.test("a worker's lines are shown with its name, however they are cut, and without control characters", async () => {
  const { lines, output } = hear();
  const sink = output.standardOutput();
  await write(sink, "one\ntw", "o\r\n\n  ind\u001b[31mented\n", "the end");
  assertEquals(lines, ["worker 4: one", "worker 4: two", "worker 4:   ind [31mented"]);
  await sink.close();
  output.close(false);
  assertEquals(lines.slice(3), ["worker 4: the end"]);
});

Deno.test("a character that comes in two pieces is one", async () => {
  const { lines, output } = hear();
  const writer = output.standardOutput().getWriter();
  const bytes = new TextEncoder().encode("größe\n");
  await writer.write(bytes.subarray(0, 3));
  await writer.write(bytes.subarray(3));
  output.close(false);
  assertEquals(lines, ["worker 4: größe"]);
});

Deno.test("of a flood of lines the first hundred are shown, then ten a second, and how many were left out", async () => {
  const heard = hear();
  const sink = heard.output.standardOutput();
  await write(sink, "x\n".repeat(1000));
  assertEquals(heard.lines.length, 100);
  heard.clock.nowMs = 1000;
  await write(sink, "y\n".repeat(50));
  assertEquals(heard.lines.slice(100), [
    "worker 4: (900 more lines are not shown)",
    ...Array.from({ length: 10 }, () => "worker 4: y"),
  ]);
  heard.output.close(false);
  assertEquals(heard.lines.at(-1), "worker 4: (40 more lines are not shown)");
});

Deno.test("a long line is cut, also one that never ends", async () => {
  const { lines, output } = hear();
  const sink = output.standardOutput();
  await write(sink, ...Array.from({ length: 50 }, () => "z".repeat(1000)), "\nnext\n");
  output.close(false);
  assertEquals(lines, [`worker 4: ${"z".repeat(1000)}...`, "worker 4: next"]);
});

Deno.test("what is said last on standard error is left to whoever explains the end", async () => {
  const dead = hear();
  await write(dead.output.standardError(), "Fatal JavaScript out of memory\n");
  dead.output.close(true);
  assertEquals(dead.lines, []);
  const finished = hear();
  await write(finished.output.standardError(), "careful\n");
  finished.output.close(false);
  assertEquals(finished.lines, ["worker 4: careful"]);
});

Deno.test("what is said on standard error is shown after a moment", async () => {
  const { lines, output } = hear();
  await write(output.standardError(), "careful\n");
  assertEquals(lines, []);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assertEquals(lines, ["worker 4: careful"]);
  output.close(true);
});

Deno.test("a line that tells of a refused permission names the option that gives it to workers", async () => {
  const { lines, output } = hear();
  const sink = output.standardOutput();
  await write(sink, 'Requires read access to "lut.txt", run again with the --allow-read flag\n');
  await sink.close();
  output.close(false);
  assertEquals(lines.length, 1);
  assertEquals(lines[0]!.includes('(--worker-permissions "--allow-read=lut.txt")'), true, lines[0]);
});
