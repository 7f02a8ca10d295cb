import { assertEquals } from "@std/assert";
import { SubmissionNews } from "../../core/submission_news.ts";
import { SkippedTime } from "./skipped_time.ts";

function newsOf(logs?: string): { news: SubmissionNews; lines: string[] } {
  const lines: string[] = [];
  const notice = (line: string) => void lines.push(line);
  const where = logs === undefined ? {} : { where: () => `logs in ${logs}` };
  return { news: new SubmissionNews({ kind: "CW_X", runId: "r1", noun: "job", notice, ...where }), lines };
}

Deno.test("the first line names job, run and logs, later ones the job alone", () => {
  const { news, lines } = newsOf("/logs/r1");
  news.add("7", "array of 200");
  news.tell();
  news.tell();
  news.add("8", "worker 3");
  news.tell();
  assertEquals(lines, [
    "CW_X: submitted job 7 (array of 200), run r1; logs in /logs/r1",
    "CW_X: submitted job 8 (worker 3)",
  ]);
});

Deno.test("a few jobs are named one by one, many by their first and last", () => {
  for (const [count, said] of [[3, "jobs 1, 2, 3"], [200, "200 jobs, 1 to 200"]] as const) {
    const { news, lines } = newsOf();
    for (let id = 1; id <= count; id++) news.add(String(id));
    news.tell();
    assertEquals(lines, [`CW_X: submitted ${said}, run r1`]);
  }
});

Deno.test("many whose ids don't follow each other are told by their number", () => {
  const lines: string[] = [];
  const notice = (line: string) => void lines.push(line);
  const news = new SubmissionNews({
    ...{ kind: "CW_X", runId: "r1", noun: "task", verb: "started", isNumbered: false, notice },
    where: () => "cluster 'c'",
  });
  for (let n = 0; n < 20; n++) news.add(crypto.randomUUID());
  news.tell();
  assertEquals(lines, ["CW_X: started 20 tasks, run r1; cluster 'c'"]);
});

Deno.test("jobs that are accepted one by one over hours are told once a minute at most, and the last at the end", () => {
  using time = new SkippedTime();
  const { news, lines } = newsOf();
  for (let id = 1; id <= 10; id++) {
    news.add(String(id));
    news.tellSeldom();
    time.skip(30_000);
  }
  news.tell();
  assertEquals(lines.slice(1), [
    ...["2, 3", "4, 5", "6, 7", "8, 9"].map((ids) => `CW_X: submitted jobs ${ids}`),
    "CW_X: submitted job 10",
  ]);
});
