/**
 * What Grid Engine answers, in what a real Son of Grid Engine 8.1.9 has answered: `sge/captures`, in which only the names of
 * user and host are others.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../core/errors.ts";
import type { QueueReport } from "../../drivers/batch_queue/batch_scheduler.ts";
import { checkExtraParams } from "../../drivers/batch_queue/extra_params.ts";
import type { CommandResult, CommandRunner } from "../../drivers/batch_queue/run_command.ts";
import { parseAccounting } from "../../drivers/sge/sge_accounting.ts";
import { parseDetails, waitingFor } from "../../drivers/sge/sge_details.ts";
import { checkSgeParams, isPlainPath, sgeDirectives } from "../../drivers/sge/sge_directives.ts";
import { parseListing } from "../../drivers/sge/sge_listing.ts";
import { SgeQueue } from "../../drivers/sge/sge_queue.ts";
import { sgeScheduler } from "../../drivers/sge/sge_scheduler.ts";

const CAPTURES = new URL("./sge/captures/", import.meta.url);
const FILES = new Set([...Deno.readDirSync(CAPTURES)].map(({ name }) => name));
const ARRAY = { jobId: "42", arraySize: 3 };
const RUNNING = { state: "running", host: "node1" } as const;

Deno.test("the listing is read by job and element, with state, host and time limit", () => {
  const limits = { walltimeSeconds: 3600, secondsLeft: 3600 };
  assertEquals(Object.fromEntries(parseListing(capture("listing.out"))!), {
    "42.1": { ...RUNNING, reason: "r", ...limits },
    "42.3": { ...RUNNING, reason: "Rr", ...limits },
    "43": { ...RUNNING, reason: "dr" },
    "44": { state: "queued", reason: "qw" },
    "45": { state: "queued", reason: "Eqw" },
    "46.1": { state: "queued", reason: "hqw" },
    "46.2": { state: "queued", reason: "hqw" },
    "47": { ...RUNNING, reason: "r" },
  });
});

Deno.test("an empty listing is an answer, and what is none is not", () => {
  assertEquals(parseListing(capture("empty_listing.out"))?.size, 0);
  const cut = '<job_list state="running"><JB_job_number>7</JB_job_number>\n';
  const whole = capture("listing.out");
  assertEquals(parseListing(whole.replace("<job_list ", `${cut}<job_list `)), parseListing(whole));
  assertEquals([parseListing(""), parseListing("error: something")], [undefined, undefined]);
});

// The states of sge_status(5).
const STATES: Readonly<Record<QueueReport["state"], string>> = {
  queued: "qw hqw hRwq Rq Eqw Ehqw EhRqw",
  running: "r hr t Rr Rt s ts S tS T tT Rs Rts RS RtS RT RtT dr dt dRr dRt ds dS dT dRs dRS dRT",
  ended: "z",
  unknown: "x ? Xr",
};
for (const [state, words] of Object.entries(STATES)) {
  Deno.test(`a job in any of the states ${words} is ${state}`, () => {
    for (const letters of words.split(" ")) {
      const text = capture("listing.out").replaceAll("<state>dr<", `<state>${letters}<`);
      assertEquals(parseListing(text)!.get("43")?.state, state as QueueReport["state"], letters);
    }
  });
}

Deno.test("names in the listing may hold what XML writes in another way", () => {
  const text = capture("listing.out").replaceAll("all.q@node1", "a&lt;b&amp;.q@n&quot;1");
  assertEquals(parseListing(text)!.get("43")?.host, 'n"1');
});

Deno.test("the details tell owner, context, and why a job could not be started or waits", () => {
  const jobs = parseDetails(capture("details.out"));
  assertEquals([...jobs.keys()], ["42", "43", "44", "45", "46", "47"]);
  assertEquals([jobs.get("42")!.uid, jobs.get("42")!.context.get("BLOCKFLEET_RUN")], [
    1001,
    "blockfleet:r1:0",
  ]);
  assertEquals(
    waitingFor(jobs.get("45")!, undefined),
    'can\'t open output file "/nowhere/logs/0.log": No such file or directory',
  );
  assertEquals(
    waitingFor(jobs.get("44")!, undefined),
    'queue instance "all.q@node1" dropped because it is full; All queues dropped because of overload or full',
  );
  assertEquals(jobs.get("43")!.errors.size, 0);
});

Deno.test("an obstacle of the job itself is told before those of queues", () => {
  const text = capture("details.out").replace(
    "All queues dropped because of overload or full",
    'cannot run in PE "smp" because it only offers 4 slots',
  );
  assertEquals(
    waitingFor(parseDetails(text).get("42")!, "2"),
    'cannot run in PE "smp" because it only offers 4 slots',
  );
});

Deno.test("the error of one element is not another's", () => {
  const text = capture("details.out").replace("error reason          1:", "error reason          2:");
  const job = parseDetails(text).get("45")!;
  assertEquals(waitingFor(job, "2")?.startsWith("can't open"), true);
  assertEquals(waitingFor(job, "1")?.startsWith("queue instance"), true);
});

Deno.test("where the site does not say why jobs wait, nothing is made up", () => {
  const job = parseDetails(capture("details_without_reasons.out")).get("52")!;
  assertEquals(waitingFor(job, undefined), undefined);
});

const ENDS: readonly (readonly [string, string, Partial<QueueReport>])[] = [
  ["qacct_array", "48.1", { cause: "exit", exitCode: 2, reason: "" }],
  ["qacct_array", "48.2", { cause: "exit", exitCode: 3, reason: "" }],
  ["qacct_zero", "51", { cause: "exit", exitCode: 0, reason: "" }],
  ["qacct_late", "49", {
    ...{ cause: "walltime", exitCode: 137 },
    reason: "failed 37: qmaster enforced h_rt, h_cpu, or h_vmem limit",
  }],
  ["qacct_cancelled", "50", { cause: "cancelled", exitCode: 140, reason: "failed 100: assumedly after job" }],
];
for (const [name, id, expected] of ENDS) {
  Deno.test(`the accounting ${name} tells of ${id}: ${expected.cause} ${expected.exitCode}`, () => {
    assertEquals(
      parseAccounting(capture(`${name}.out`)).get(id),
      { state: "ended", ...expected } as QueueReport,
    );
  });
}

Deno.test("answers that were cut off anywhere are read without a throw", () => {
  for (const name of ["listing", "details", "qacct_array"]) {
    const text = capture(`${name}.out`);
    for (let at = 0; at < text.length; at += 37) {
      for (const part of [text.slice(0, at), text.slice(at)]) {
        parseListing(part);
        parseDetails(part);
        parseAccounting(part);
      }
    }
  }
  assertEquals(parseListing(capture("listing.out").slice(0, 500)), undefined);
});

Deno.test("the accounting of a kill that nothing explains, and of jobs that never ran", () => {
  const changed = (failed: string, status: string) => {
    const text = capture("qacct_cancelled.out").replace(/^failed .*$/m, `failed       ${failed}`)
      .replace(/^exit_status .*$/m, `exit_status  ${status}`);
    const { cause, exitCode } = parseAccounting(text).get("50")!;
    return [cause, exitCode];
  };
  assertEquals(changed("100 : assumedly after job", "137                  (Killed)"), ["killed", 137]);
  assertEquals(changed("0    ", "139                  (Segmentation fault)"), ["killed", 139]);
  assertEquals(changed("26  : opening input/output file", "0"), ["unknown", undefined]);
  assertEquals(changed("25  : rescheduling", "0"), ["requeued", undefined]);
});

Deno.test("of a job that was started again the last life counts", () => {
  const again = capture("qacct_zero.out").replace("exit_status  0", "exit_status  7");
  assertEquals(parseAccounting(capture("qacct_zero.out") + again).get("51")?.exitCode, 7);
});

Deno.test("a master that is down is trouble, and says nothing of any job", async () => {
  const answer = await new SgeQueue().ask(answering({ qstat: "down_qstat" }), [ARRAY]);
  assertEquals(answer.trouble?.includes("unable to send message to qmaster"), true);
  assertEquals([answer.reports.size, answer.unknownJobs.size], [0, 0]);
});

Deno.test("jobs that wait are told with their reason, in one more command", async () => {
  const asked: string[] = [];
  const run = answering({ "qstat -j": "details", qstat: "listing" }, asked);
  const jobs = ["42", "44", "45"].map((jobId) => ({ jobId, arraySize: undefined }));
  const { reports, unknownJobs } = await new SgeQueue().ask(run, jobs);
  assertEquals(asked, ["qstat -g d -r -xml", "qstat -j 44,45"]);
  assertEquals(unknownJobs.size, 0);
  assertEquals(reports.get("42.1")?.reason, "r");
  assertEquals(
    reports.get("45")?.reason,
    'Eqw: can\'t open output file "/nowhere/logs/0.log": No such file or directory',
  );
});

Deno.test("a job that is not listed is gone only if Grid Engine does not know it", async () => {
  const gone = answering({ "qstat -j": "details_of_none", qstat: "empty_listing" });
  assertEquals([...(await new SgeQueue().ask(gone, [ARRAY])).unknownJobs], ["42"]);
  const there = answering({ "qstat -j": "details", qstat: "empty_listing" });
  assertEquals((await new SgeQueue().ask(there, [ARRAY])).unknownJobs.size, 0);
  const silent = answering({ "qstat -j": "down_qstat", qstat: "empty_listing" });
  const answer = await new SgeQueue().ask(silent, [ARRAY]);
  assertEquals([answer.trouble, answer.unknownJobs.size], [undefined, 0]);
});

Deno.test("a reason in which only figures change is no news", async () => {
  let free = 17;
  const run: CommandRunner = (argv) => {
    if (!argv.includes("-j")) return Promise.resolve(result({ argv, stdout: capture("listing.out") }));
    const reason = `cannot run at host "node1" because it offers only hl:mem_free=${free++}.5G`;
    const stdout = capture("details.out").replaceAll(
      "All queues dropped because of overload or full",
      reason,
    );
    return Promise.resolve(result({ argv, stdout }));
  };
  const queue = new SgeQueue();
  const reasonOf = async () =>
    (await queue.ask(run, [{ jobId: "44", arraySize: undefined }])).reports.get("44")?.reason;
  const first = await reasonOf();
  assertEquals(first, 'qw: cannot run at host "node1" because it offers only hl:mem_free=17.5G');
  assertEquals([await reasonOf(), free], [first, 19]);
});

Deno.test("ends are asked of the accounting once a job, and one that is not there yet is left out", async () => {
  const asked: string[] = [];
  const run = answering({ "qacct -j 48": "qacct_array", qacct: "qacct_none" }, asked);
  const ends = await new SgeQueue().askEnds(run, ["48.1", "48.2", "4242"]);
  assertEquals([...ends.keys()], ["48.1", "48.2"]);
  assertEquals(asked, ["qacct -j 48", "qacct -j 4242"]);
});

Deno.test("a user's own jobs are found again by the token in their context", async () => {
  const own = capture("details.out").replaceAll("uid:                        1001", `uid: ${Deno.uid()}`);
  const run: CommandRunner = (argv) => Promise.resolve(result({ argv, stdout: own }));
  assertEquals(await new SgeQueue().find(run, "blockfleet:r1:"), ["42", "43", "45", "47"]);
  assertEquals(await new SgeQueue().find(run, "blockfleet:r1:1"), ["43"]);
  const others: CommandRunner = (argv) =>
    Promise.resolve(result({ argv, stdout: own.replaceAll(`uid: ${Deno.uid()}`, "uid: 4321") }));
  assertEquals(await new SgeQueue().find(others, "blockfleet:r1:"), []);
  assertEquals(await new SgeQueue().find(answering({ qstat: "details_of_none" }), "blockfleet:r1:"), []);
  assertEquals(await new SgeQueue().find(answering({ qstat: "down_qstat" }), "blockfleet:r1:"), undefined);
});

Deno.test("qsub's answer is a job's or an array's number, and elements count from 1", () => {
  const sge = sgeScheduler();
  const told = ["qsub_array", "qsub_plain"].map((name) => sge.parseJobId(capture(`${name}.out`)));
  assertEquals([...told, sge.parseJobId("no")], ["42", "43", undefined]);
  assertEquals(sge.elementId("42", 0), "42.1");
  assertEquals(sge.logName("workers_0", "42", 2), "workers_0_3.log");
});

Deno.test("a job that came to the limit of its address space was killed for memory", () => {
  const accounting = (lines: Readonly<Record<string, string>>) => {
    const record = { jobnumber: "7", failed: "100 : assumedly after job", exit_status: "137", ...lines };
    const text = Object.entries(record).map(([key, value]) => `${key.padEnd(12)} ${value}`).join("\n");
    return parseAccounting(`====\n${text}\n`).get("7")!;
  };
  const over = accounting({ maxvmem: "66.1GB", category: "-l h_vmem=33G,mem_free=1G -pe smp 2", slots: "2" });
  assertEquals([over.cause, over.overMemory], [
    "killed",
    "maxvmem 66.1GB, limit h_vmem=33G for each of 2 slots",
  ]);
  const within = accounting({ maxvmem: "49.000GB", category: "-l h_vmem=64G", slots: "1" });
  assertEquals([within.cause, within.overMemory], ["killed", undefined]);
  assertEquals(accounting({ maxvmem: "49.000GB", category: "NONE" }).overMemory, undefined);
});

Deno.test("refusals are told apart: final, too many, later, and no answer", () => {
  const sge = sgeScheduler();
  const meanings = {
    refused_queue: "final",
    refused_project: "final",
    refused_resource: "final",
    refused_pe: "final",
    refused_verify: "final",
    refused_tasks: "limit",
    refused_user_jobs: "limit",
    down_qsub: "unanswered",
    // It is in the queue although qsub exits with 1: it is found by its token.
    warned: "unanswered",
  };
  const told = Object.keys(meanings).map((name) => [name, sge.refusal(captured(name))]);
  assertEquals(Object.fromEntries(told), meanings);
  assertEquals(
    sge.refusal(result({ exitCode: undefined, stderr: "qsub: no answer within 60 s" })),
    "unanswered",
  );
});

Deno.test("deleting what is gone or going is no trouble, and a master that is down is", () => {
  const sge = sgeScheduler();
  const fine = ["qdel_several", "qdel_again"].map((name) => sge.cancelTrouble(captured(name)));
  assertEquals(fine, [undefined, undefined]);
  assertEquals(sge.cancelTrouble(captured("down_qdel"))?.includes("unable to send message"), true);
  const others = result({
    argv: ["qdel"],
    exitCode: 1,
    stdout: 'denied: user "ann" is not the owner of job "7"\n',
  });
  assertEquals(sge.cancelTrouble(others)?.startsWith("qdel exited with 1: denied"), true);
});

Deno.test("why Grid Engine can't be reached is told in one sentence", async () => {
  const sge = sgeScheduler();
  assertEquals(await sge.reach(answering({ qconf: "qsub_plain" })), undefined);
  assertEquals(
    await sge.reach(answering({ qconf: "no_cell" })),
    "qconf finds no cell: source its settings.sh, or load its module, which sets SGE_ROOT",
  );
  assertEquals(
    (await sge.reach(answering({ qconf: "down_reach" })))?.includes("unable to send message"),
    true,
  );
});

Deno.test("the site's array limit is max_aj_tasks, and 0 is none", async () => {
  const sge = sgeScheduler();
  assertEquals(await sge.arrayLimit(answering({ qconf: "conf" })), 75_000);
  const run: CommandRunner = (argv) => Promise.resolve(result({ argv, stdout: "max_aj_tasks   0\n" }));
  assertEquals(await sge.arrayLimit(run), undefined);
});

Deno.test("several cores need a parallel environment, a quality of service is not to be had, and h_vmem would stop Deno", () => {
  const params = (given: Record<string, unknown>) => checkExtraParams(given, "qsubOptions");
  const directives = (given: Record<string, unknown>) =>
    sgeDirectives({ name: "n", token: "t", logFolder: "/l", logStem: "s", params: params(given) });
  assertThrows(() => directives({ cores: 2 }), ConfigError, "parallelEnvironment");
  assertEquals(directives({ cores: 1 }).some(({ option }) => option === "pe"), false);
  assertThrows(() => checkSgeParams(params({ qos: "long" })), ConfigError, "qos 'long'");
  const limited = { memory: "4G", memoryResource: "h_vmem" };
  assertThrows(() => checkSgeParams(params(limited)), ConfigError, "address space");
  checkSgeParams(params({ ...limited, memory: "64G" }));
  const texts = directives({ cores: 3, parallelEnvironment: "smp", memory: "1G" }).map(({ text }) => text);
  assertEquals(texts.slice(-2), ["-pe smp 3", "-l mem_free=342M"]);
});

Deno.test("a log's path that qsub would take apart is opened by the script", () => {
  const plain = (logFolder: string) =>
    isPlainPath({
      name: "n",
      token: "t",
      logFolder,
      logStem: "s",
      params: checkExtraParams({}, "qsubOptions"),
    });
  assertEquals(["/a b/c-1.d", "/a,b", "/a:b", "/$HOME", "/it's", '/"'].map(plain), [
    true,
    ...Array<boolean>(5).fill(false),
  ]);
});

function capture(name: string): string {
  return FILES.has(name) ? Deno.readTextFileSync(new URL(name, CAPTURES)) : "";
}

function captured(name: string): CommandResult {
  const [stdout, stderr, code] = ["out", "err", "rc"].map((ending) => capture(`${name}.${ending}`));
  return result({
    argv: [name.replace(/^down_|_.*$/g, "")],
    exitCode: Number(code),
    stdout: stdout!,
    stderr: stderr!,
  });
}

function result(given: Partial<CommandResult>): CommandResult {
  return { argv: ["qstat"], exitCode: 0, stdout: "", stderr: "", ...given };
}

/** Answers each command with the capture of the first beginning that is its. */
function answering(answers: Readonly<Record<string, string>>, asked: string[] = []): CommandRunner {
  return (argv) => {
    const line = argv.join(" ");
    asked.push(line);
    const [, name] = Object.entries(answers).find(([words]) => `${line} `.startsWith(`${words} `))!;
    return Promise.resolve({ ...captured(name), argv });
  };
}
