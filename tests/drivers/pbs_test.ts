/** What PBS answers, in what a real OpenPBS has answered: tests/fakes/pbs/captures. */
import { assertEquals } from "@std/assert";
import { complaint, type QueueReport } from "../../drivers/batch_queue/batch_scheduler.ts";
import type { CommandResult, CommandRunner } from "../../drivers/batch_queue/run_command.ts";
import { pbsScheduler } from "../../drivers/pbs/pbs_scheduler.ts";
import { parsePbsJson, parsePbsText, pbsVariable } from "../../drivers/pbs/pbs_jobs.ts";
import { PbsQueue } from "../../drivers/pbs/pbs_queue.ts";
import { pbsReport } from "../../drivers/pbs/pbs_report.ts";
import { capture } from "../fakes/pbs/captured_jobs.ts";

const CAPTURES = [...Deno.readDirSync(new URL("../fakes/pbs/captures/", import.meta.url))].map(({ name }) =>
  name
);

for (const name of CAPTURES.filter((name) => name.endsWith(".out")).toSorted()) {
  Deno.test(`the answer ${name} is read, as JSON or as text, without a throw`, () => {
    const text = capture(name);
    const jobs = parsePbsJson(text) ?? parsePbsText(text);
    const shown = new Set(
      [...text.matchAll(/^(?:Job Id: |\t\t")(\d\S*?\.pbs1)(?:":\t\{)?$/gm)].map(([, id]) => id),
    );
    assertEquals(new Set(jobs.keys()), shown);
    for (const attributes of jobs.values()) {
      const { state } = pbsReport(attributes);
      assertEquals(["queued", "running", "ended"].includes(state), true, state);
    }
  });
}

Deno.test("the folded text and the JSON of the same job say the same", () => {
  const [text, json] = [parsePbsText(capture("fin_xf.out")), parsePbsJson(capture("fin_xjson.out"))!];
  const [one, other] = [text.get("59.pbs1")!, json.get("59.pbs1")!];
  for (const name of ["job_state", "Exit_status", "comment", "Output_Path", "resources_used.walltime"]) {
    assertEquals(one[name], other[name], name);
  }
  assertEquals(pbsVariable(one, "PBS_O_SYSTEM"), pbsVariable(other, "PBS_O_SYSTEM"));
});

Deno.test("a reason that was folded in mid-word is whole", () => {
  const job = parsePbsText(capture("big_f.out")).get("61.pbs1")!;
  assertEquals(pbsReport(job), {
    state: "queued",
    reason: "Q: Can Never Run: Insufficient amount of resource: ncpus (R: 9 A: 8 T: 8)",
  });
});

Deno.test("the elements of an array are told apart, and its own exit status is not theirs", () => {
  const reports = reportsOf("arr_tjson.out");
  const told = ["62[0].pbs1", "62[1].pbs1", "62[2].pbs1"].map((id) => {
    const { state, cause, exitCode, host } = reports.get(id)!;
    return [state, cause, exitCode, host];
  });
  assertEquals(told, [
    ["ended", "exit", 0, undefined],
    ["ended", "exit", 3, undefined],
    ["running", undefined, undefined, "pbs1"],
  ]);
});

Deno.test("a status that deleting the array wrote over an element's own is not believed", () => {
  const reports = reportsOf("arr_deleted_xtjson.out");
  const { state, cause, exitCode } = reports.get("62[1].pbs1")!;
  assertEquals([state, cause, exitCode], ["ended", undefined, undefined]);
  assertEquals(reports.get("62[3].pbs1")!.cause, "cancelled");
});

const EXITS: readonly (readonly [string, Partial<QueueReport>])[] = [
  ["0", { cause: "exit", exitCode: 0 }],
  ["3", { cause: "exit", exitCode: 3 }],
  ["137", { cause: "killed", exitCode: 137 }],
  ["271", { cause: "cancelled", exitCode: 143 }],
  ["265", { cause: "killed", exitCode: 137 }],
  ["-29", { cause: "walltime" }],
  ["-27", { cause: "killed", overMemory: "" }],
  ["-28", { cause: "killed" }],
  ["-1", { cause: "unknown", exitCode: -1 }],
];
for (const [status, meaning] of EXITS) {
  Deno.test(`Exit_status ${status} means ${JSON.stringify(meaning)}`, () => {
    const report = pbsReport({ job_state: "F", exec_host: "n1/0", Exit_status: status });
    assertEquals(report, { state: "ended", reason: "F", ...meaning });
  });
}

Deno.test("a job whose log is being copied has ended, with its status if that is told, and is still listed", () => {
  const known = { job_state: "E", exec_host: "n1/0", substate: "51" };
  const ended = { state: "ended", reason: "E", isLeaving: true } as const;
  assertEquals(pbsReport(known), ended);
  assertEquals(pbsReport({ ...known, Exit_status: "0" }), { ...ended, cause: "exit", exitCode: 0 });
});

Deno.test("the elements of an array that is held are told as held, though only the array itself says so", () => {
  const [held, job] = [{ job_state: "H", Hold_Types: "u" }, { job_state: "Q" }];
  assertEquals(pbsReport(job, held), { state: "queued", reason: "H (held)" });
  assertEquals(pbsReport(job, { job_state: "B" }), { state: "queued", reason: "Q" });
  assertEquals(pbsReport({ ...held, comment: "by ann" }).reason, "H (held): by ann");
});

Deno.test("a job that was deleted before it started was cancelled", () => {
  assertEquals(pbsReport({ job_state: "F" }).cause, "cancelled");
});

Deno.test("time left is the limit without what was used", () => {
  const times = { "Resource_List.walltime": "00:10:00", "resources_used.walltime": "00:03:30" };
  const report = pbsReport({ job_state: "R", exec_host: "n7/3*2+n8/0", ...times });
  assertEquals(report, { state: "running", reason: "R", host: "n7", walltimeSeconds: 600, secondsLeft: 390 });
});

Deno.test("a state that nobody has heard of is unknown", () => {
  assertEquals(pbsReport({ job_state: "Z" }).state, "unknown");
});

const ALL = { jobId: "62[].pbs1", arraySize: 4 };

Deno.test("a server that is down is trouble, although what it prints is valid JSON", async () => {
  const run = scripted(() => ({
    exitCode: 255,
    stdout: capture("empty_json.out"),
    stderr: "Connection refused",
  }));
  const answer = await new PbsQueue().ask(run, [ALL]);
  assertEquals(answer.trouble, "qstat exited with 255: Connection refused");
});

Deno.test("an unknown job is definitely gone", async () => {
  const run = scripted(() => captured("off_finished_json"));
  const { trouble, unknownJobs } = await new PbsQueue().ask(run, [{
    jobId: "57.pbs1",
    arraySize: undefined,
  }]);
  assertEquals([trouble, [...unknownJobs]], [undefined, ["57.pbs1"]]);
});

Deno.test("a job that the queue no longer lists is looked up in the history, with its exit status", async () => {
  const asked: string[] = [];
  const run = scripted((argv) => {
    asked.push(argv.join(" "));
    return argv.includes("-x") ? captured("fin_xjson") : { exitCode: 0, stdout: capture("empty_json.out") };
  });
  const { reports } = await new PbsQueue().ask(run, [{ jobId: "59.pbs1", arraySize: undefined }]);
  assertEquals(reports.get("59.pbs1")?.exitCode, 3);
  assertEquals(asked, ["qstat -t -f -F json -E 59.pbs1", "qstat -x -t -f -F json -E 59.pbs1"]);
});

Deno.test("a server without history is asked for it once", async () => {
  const asked: string[] = [];
  const run = scripted((argv) => {
    asked.push(argv.join(" "));
    return argv.includes("-x")
      ? captured("off_finished_xjson")
      : { exitCode: 0, stdout: capture("empty_json.out") };
  });
  const queue = new PbsQueue();
  for (let n = 0; n < 3; n++) await queue.ask(run, [{ jobId: "57.pbs1", arraySize: undefined }]);
  assertEquals(asked.filter((words) => words.includes("-x")).length, 1);
});

Deno.test("where there is no history, the server is asked which jobs it does not know, in one command", async () => {
  const run = scripted((argv) =>
    argv.includes("-E")
      ? { exitCode: 0, stdout: capture("empty_json.out") }
      : { exitCode: 153, stderr: "qstat: Unknown Job Id 57.pbs1\nqstat: Unknown Job Id 58[].pbs1\n" }
  );
  const jobs = ["57.pbs1", "58[].pbs1", "59.pbs1"].map((jobId) => ({ jobId, arraySize: undefined }));
  const { unknownJobs } = await new PbsQueue().ask(run, jobs);
  assertEquals([...unknownJobs], ["57.pbs1", "58[].pbs1"]);
});

Deno.test("a job that was deleted from the history is definitely gone, and the history is asked for the next one", async () => {
  const asked: string[] = [];
  const run = scripted((argv) => {
    asked.push(argv.join(" "));
    if (!argv.includes("json")) return captured("unk");
    if (argv.at(-1) === "59.pbs1" && argv.includes("-x")) return captured("fin_xjson");
    return argv.includes("-x") ? captured("unk_json") : { exitCode: 0, stdout: capture("empty_json.out") };
  });
  const queue = new PbsQueue();
  const { unknownJobs } = await queue.ask(run, [{ jobId: "99999.pbs1", arraySize: undefined }]);
  assertEquals([[...unknownJobs], asked.at(-1)], [["99999.pbs1"], "qstat 99999.pbs1"]);
  const { reports } = await queue.ask(run, [{ jobId: "59.pbs1", arraySize: undefined }]);
  assertEquals(reports.get("59.pbs1")?.exitCode, 3);
});

const NO_WORD: readonly (readonly [string, Partial<CommandResult>])[] = [
  ["lists it", captured("list")],
  ["says that it has finished", captured("fin_nox")],
  ["is down", {
    exitCode: 255,
    stderr: "qstat: Unknown Job Id 59.pbs1\nqstat: cannot connect to server pbs1\n",
  }],
  ["knows another job not", captured("unk")],
];
for (const [what, answer] of NO_WORD) {
  Deno.test(`a job that is missing is not called unknown when the server ${what}`, async () => {
    const run = scripted((argv) => {
      if (!argv.includes("json")) return answer;
      return argv.includes("-x") ? captured("off_finished_xjson") : captured("empty_json");
    });
    const { trouble, unknownJobs, reports } = await new PbsQueue().ask(run, [
      { jobId: "59.pbs1", arraySize: undefined },
    ]);
    assertEquals([trouble, unknownJobs.size, reports.size], [undefined, 0, 0]);
  });
}

Deno.test("a qstat that knows no JSON, such as Torque's, is asked for text from then on", async () => {
  const asked: string[] = [];
  const run = scripted((argv) => {
    asked.push(argv.join(" "));
    if (argv.includes("json")) {
      return { exitCode: 2, stderr: "qstat: invalid option -- 'F'\nusage: qstat ..." };
    }
    return {
      exitCode: 0,
      stdout: "Job Id: 7.torque\n    job_state = C\n    exit_status = 3\n    exec_host = n1/0\n\n",
    };
  });
  const queue = new PbsQueue();
  const jobs = [{ jobId: "7.torque", arraySize: undefined }];
  for (let n = 0; n < 2; n++) {
    const { reports } = await queue.ask(run, jobs);
    const { state, exitCode } = reports.get("7.torque")!;
    assertEquals([state, exitCode], ["ended", 3]);
  }
  assertEquals(asked, ["qstat -t -f -F json -E 7.torque", "qstat -t -f 7.torque", "qstat -t -f 7.torque"]);
});

Deno.test("JSON that is none, as some versions write it, is asked for once more as text", async () => {
  const run = scripted((argv) =>
    argv.includes("json")
      ? { exitCode: 0, stdout: '{"Jobs": {"59.pbs1": {"comment": "a "b""}}}' }
      : captured("fin_xf")
  );
  const { reports } = await new PbsQueue().ask(run, [{ jobId: "59.pbs1", arraySize: undefined }]);
  assertEquals(reports.get("59.pbs1")?.exitCode, 3);
});

Deno.test("jobs are found again by the variable that they carry", async () => {
  const own = capture("all_json.out").replace(
    '"PBS_O_SYSTEM"',
    '"BLOCKFLEET_RUN":"blockfleet:r1:0","PBS_O_SYSTEM"',
  );
  const run = scripted(() => ({ exitCode: 0, stdout: own }));
  assertEquals(await new PbsQueue().find(run, "blockfleet:r1:"), ["58.pbs1"]);
  assertEquals(await new PbsQueue().find(run, "blockfleet:r1:1"), []);
});

Deno.test("qsub's answer is a job's or an array's id", () => {
  const pbs = pbsScheduler();
  assertEquals(["58.pbs1\n", "62[].pbs1\n", "7\n", "no\n"].map((text) => pbs.parseJobId(text)), [
    ...["58.pbs1", "62[].pbs1", "7"],
    undefined,
  ]);
  assertEquals(pbs.elementId("62[].pbs1", 3), "62[3].pbs1");
});

Deno.test("refusals are told apart: final, too many, and no answer", () => {
  const pbs = pbsScheduler();
  const told = [
    [170, "qsub: Unknown queue"],
    [166, "qsub: Illegal attribute or resource value Resource_List.walltime"],
    [175, "qsub: Bad UID for job execution"],
    [188, "qsub: Job violates queue and/or server resource limits"],
    [22, "qsub: would exceed queue generic's per-user limit of jobs in 'Q' state"],
    [1, "qsub: Array job exceeds server or queue size limit"],
    [162, "qsub: cannot connect to server pbs1 (errno=111)"],
    [255, "Connection refused"],
  ].map(([exitCode, stderr]) => pbs.refusal(result({ exitCode: Number(exitCode), stderr: String(stderr) })));
  assertEquals(told, ["final", "final", "final", "final", "limit", "limit", "unanswered", "unanswered"]);
});

Deno.test("deleting what has finished or is unknown is no trouble, and what is another's is", () => {
  const pbs = pbsScheduler();
  const fine = ["qdel_fin", "qdel_unk", "off_qdel_finished", "qdel_run"].map((name) =>
    pbs.cancelTrouble({ ...result(captured(name)), argv: ["qdel"] })
  );
  assertEquals(fine, [undefined, undefined, undefined, undefined]);
  const stderr = "qdel: Unknown Job Id 1.pbs1\nqdel: Unauthorized Request  2.pbs1\n";
  const other = pbs.cancelTrouble(result({ argv: ["qdel"], exitCode: 159, stderr }));
  assertEquals(other, "qdel exited with 159: qdel: Unauthorized Request  2.pbs1");
});

Deno.test("a complaint is one line, whatever the command said", () => {
  assertEquals(complaint(result({ exitCode: 1, stderr: "a\n\n b\n" })), "qstat exited with 1: a; b");
  assertEquals(
    complaint(result({ exitCode: undefined, stderr: "qstat: no answer within 8 s" })),
    "qstat: no answer within 8 s",
  );
  assertEquals(complaint(result({ exitCode: 1 })), "qstat exited with 1: it said nothing");
});

function reportsOf(name: string): Map<string, QueueReport> {
  const jobs = parsePbsJson(capture(name))!;
  return new Map([...jobs].map(([id, attributes]) => [id, pbsReport(attributes)]));
}

function captured(name: string): Partial<CommandResult> {
  const text = (ending: string) => CAPTURES.includes(`${name}.${ending}`) ? capture(`${name}.${ending}`) : "";
  return { exitCode: Number(text("rc")), stdout: text("out"), stderr: text("err") };
}

function result(given: Partial<CommandResult>): CommandResult {
  return { argv: ["qstat"], exitCode: 0, stdout: "", stderr: "", ...given };
}

function scripted(answer: (argv: readonly string[]) => Partial<CommandResult>): CommandRunner {
  return (argv) => Promise.resolve(result({ argv, ...answer(argv) }));
}
