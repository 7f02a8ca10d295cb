/** How a job ended, from its log and from the queue. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { elementEnd } from "../../../drivers/batch_queue/element_end.ts";
import { type JobLog, parseJobLog, readJobLog } from "../../../drivers/batch_queue/job_log.ts";
import { BEGIN_MARK, END_MARK } from "../../../drivers/batch_queue/job_script.ts";

const LOG_FILE = "/logs/1.log";
const log = (given: Partial<JobLog>): JobLog => ({ tail: "", schedulerWords: [], ...given });

Deno.test("of a job that was requeued only the last life's log counts", () => {
  const lives = [
    `${BEGIN_MARK}, 1`,
    "first",
    `${END_MARK}, exit status 1, then`,
    `${BEGIN_MARK}, 1`,
    "second",
    "",
  ];
  assertEquals(parseJobLog(lives.join("\n")), { tail: "second", schedulerWords: [] });
});

Deno.test("the scheduler's complaints are told apart, and a cancel that was asked for is none", () => {
  const oom =
    "slurmstepd-n1: error: Detected 1 oom_kill event in StepId=7.batch. Some of the step tasks have been OOM Killed.";
  const cancelled = "slurmstepd-n1: error: *** JOB 10 ON n1 CANCELLED AT 2026-11-23T01:00:00 ***";
  assertEquals(parseJobLog(`${BEGIN_MARK}\n${oom}\n${cancelled}\n`).schedulerWords, [oom]);
});

Deno.test("control characters of a log do not reach the terminal, and its end is short", () => {
  const { tail } = parseJobLog(`\u001b[31mred\n${"line\n".repeat(100)}last\n`);
  assertEquals([tail.split("\n").length, tail.endsWith("last"), tail.includes("\u001b")], [15, true, false]);
});

Deno.test("of bash's words about a killed process the command line is left out", () => {
  const command = `( set +m; trap : TERM; /usr/bin/deno run ${
    "--allow-net=host:1 ".repeat(40)
  })  < /dev/null`;
  const tailOf = (words: string) => parseJobLog(`/var/spool/job7/script: line 40: ${words}\n`).tail;
  assertEquals(tailOf(`   31 Killed                  ${command}`), "bash: process 31: Killed");
  assertEquals(
    tailOf(`31 Segmentation fault      (core dumped) ${command}`),
    "bash: process 31: Segmentation fault",
  );
  assertEquals(tailOf(`31 Trace/breakpoint trap    ${command}`), "bash: process 31: Trace/breakpoint trap");
  assertEquals(tailOf("31 files were read"), "/var/spool/job7/script: line 40: 31 files were read");
});

Deno.test("a log that is not there, or is a folder, is none", async () => {
  const folder = await Deno.makeTempDir({ prefix: "blockfleet_test_" });
  assertEquals([await readJobLog(`${folder}/none`), await readJobLog(folder)], [undefined, undefined]);
  await Deno.remove(folder);
});

Deno.test("the queue's word counts before the log's", () => {
  const report = { state: "ended", reason: "TIMEOUT: TimeLimit", cause: "walltime" } as const;
  const end = elementEnd(report, log({ exitStatus: 0, signal: "SIGTERM", tail: "drained" }), {
    logFile: LOG_FILE,
  });
  assertEquals(end, { cause: "walltime", exitCode: 0, text: "TIMEOUT: TimeLimit, exit status 0: drained" });
});

Deno.test("where the queue says nothing, a job that was told to end was cancelled, or at its limit out of time", () => {
  const told = log({ exitStatus: 0, signal: "SIGTERM" });
  const causeOf = (ranSeconds: number) =>
    elementEnd(undefined, told, { logFile: LOG_FILE, ranSeconds, walltimeSeconds: 600 }).cause;
  assertEquals([causeOf(100), causeOf(590)], ["cancelled", "walltime"]);
});

Deno.test("an end that neither the queue nor the log explains is explained by its cause", () => {
  const textOf = (given: Partial<JobLog>, ranSeconds = 100) =>
    elementEnd(undefined, log(given), {
      logFile: LOG_FILE,
      ranSeconds,
      walltimeSeconds: 600,
      cancelProgram: "qdel",
    }).text;
  const told = { exitStatus: 0, signal: "SIGTERM" };
  assertEquals([textOf(told), textOf(told, 590), textOf({ exitStatus: 137 })], [
    "exit status 0, it was told to end by SIGTERM, as by qdel or an administrator",
    "exit status 0, its walltime is over",
    "exit status 137, killed by SIGKILL, as by a node that is out of memory",
  ]);
});

const MEMORY_LINES = [
  "=>> PBS: job killed: mem 362720kb exceeded limit 256000kb",
  "slurmstepd-n1: error: Detected 1 oom_kill event in StepId=7.batch. Some of the step tasks have been OOM Killed.",
  "slurmstepd: error: Job 12 exceeded memory limit (2100000 > 2097152), being killed",
];
for (const line of MEMORY_LINES) {
  Deno.test(`'${line.slice(0, 50)}...' in a log is an end for memory, whatever ended the job then`, () => {
    const text = `${BEGIN_MARK}, 1\n${line}\n${END_MARK}, exit status 0, after SIGTERM, now\n`;
    const end = elementEnd(
      { state: "ended", reason: "F", cause: "cancelled", exitCode: 143 },
      parseJobLog(text),
      {
        logFile: LOG_FILE,
        memoryMib: 250,
      },
    );
    assertEquals(end.cause, "killed");
    const words = line.replace(/^=>> PBS: job killed: /, "");
    assertStringIncludes(
      end.text,
      `killed for memory (${words}; 250 MiB were asked for): ask for more with memory, or use a smaller window`,
    );
  });
}

Deno.test("the queue's own word on memory counts as the log's does", () => {
  const report = { state: "ended", reason: "OUT_OF_MEMORY", cause: "killed", overMemory: "" } as const;
  const { text } = elementEnd(report, undefined, { logFile: LOG_FILE });
  assertEquals(
    text,
    "OUT_OF_MEMORY, killed for memory: ask for more with memory, or use a smaller window: no log at /logs/1.log",
  );
});

Deno.test("a status above 128 is a kill, and one below it an exit", () => {
  const causeOf = (exitStatus: number) =>
    elementEnd(undefined, log({ exitStatus }), { logFile: LOG_FILE }).cause;
  assertEquals([causeOf(3), causeOf(137)], ["exit", "killed"]);
});

Deno.test("the scheduler's words in the log explain an end that the queue does not", () => {
  const causeOf = (words: string) =>
    elementEnd(undefined, log({ schedulerWords: [words] }), { logFile: LOG_FILE }).cause;
  assertEquals(
    [
      causeOf("=>> PBS: job killed: walltime 15 exceeded limit 5"),
      causeOf("slurmstepd: error: Detected 1 oom-kill event(s)"),
    ],
    ["walltime", "killed"],
  );
});

Deno.test("an end of which nothing is known says where the log should have been", () => {
  assertEquals(elementEnd(undefined, undefined, { logFile: LOG_FILE }), {
    cause: "unknown",
    text: "it is no longer in the queue: no log at /logs/1.log",
  });
});
