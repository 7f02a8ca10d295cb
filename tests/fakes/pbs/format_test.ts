import { assertEquals } from "@std/assert";
import { capture, capturedJobs } from "./captured_jobs.ts";
import { formatFull, formatJson, formatTable } from "./format_jobs.ts";
import { jobId, type PbsJob } from "./pbs_job.ts";

const SERVER = "pbs1";

function only(jobs: readonly PbsJob[], id: string): PbsJob[] {
  return jobs.filter((job) => jobId(job, SERVER) === id);
}

for (
  const name of [
    "all_json",
    "arr_tjson",
    "arr_deleted_xtjson",
    "deleted_xjson",
    "fin_xjson",
    "mixed",
    "run_json",
  ]
) {
  Deno.test(`the fake's JSON is OpenPBS's to the byte: ${name}`, () => {
    const expected = capture(`${name}.out`);
    const { timestamp } = JSON.parse(expected);
    assertEquals(formatJson(capturedJobs(`${name}.out`), SERVER, timestamp), expected);
  });
}

for (const name of ["empty_json", "fin_json_nox", "off_finished_json", "unk_json"]) {
  Deno.test(`the fake's JSON without jobs is OpenPBS's to the byte: ${name}`, () => {
    const expected = capture(`${name}.out`);
    assertEquals(formatJson([], SERVER, JSON.parse(expected).timestamp), expected);
  });
}

for (
  const [text, id, json] of [
    ["run_f", "58.pbs1", "run_json"],
    ["deleted_xf", "58.pbs1", "deleted_xjson"],
    ["fin_xf", "59.pbs1", "fin_xjson"],
    ["held_f", "60.pbs1", "all_json"],
    ["big_f", "61.pbs1", "all_json"],
    ["arr_f", "62[].pbs1", "arr_tjson"],
  ] as const
) {
  Deno.test(`the fake's full text folds as OpenPBS's does, to the byte: ${text}`, () => {
    assertEquals(formatFull(only(capturedJobs(`${json}.out`), id), SERVER, false), capture(`${text}.out`));
  });
}

Deno.test("the fake's wide text is OpenPBS's to the byte", () => {
  assertEquals(formatFull(capturedJobs("run_json.out"), SERVER, true), capture("run_fw.out"));
});

Deno.test("the fake's tables are OpenPBS's to the byte", () => {
  const jobs = capturedJobs("all_json.out");
  const plain = jobs.filter(({ index }) => index === undefined);
  assertEquals(formatTable(plain, SERVER), capture("all_x.out"));
  assertEquals(formatTable(only(jobs, "59.pbs1"), SERVER), capture("fin_x.out"));
  assertEquals(formatTable(jobs.filter(({ sequence }) => sequence === 62), SERVER), capture("arr_t.out"));
  assertEquals(formatTable([], SERVER), "");
});

Deno.test("a name that is too long for the table ends in a star", () => {
  const [job] = capturedJobs("run_json.out");
  const long = { ...job!, spec: { ...job!.spec, name: "blockfleet_a_long_name" } };
  assertEquals(formatTable([long], SERVER).split("\n")[2]!.slice(18, 35), "blockfleet_a_lo* ");
});
