import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { RecordReader } from "../../core/journal/record_reader.ts";
import type { Death } from "../fakes/dying_main.ts";
import { type ResumeScene, resumeScene } from "./resume_support.ts";
import { seededRandom } from "./seeded_random.ts";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
const DYING_MAIN = fromFileUrl(new URL("../fakes/dying_main.ts", import.meta.url));

/** Arguments of the job of {@linkcode resumeScene} on the command line. */
function jobArgs({ file }: ResumeScene, prefix: string, ...more: string[]): string[] {
  return [
    ...["apply", file("function.ts"), "--in", `img=${file("scene.tif")}`],
    ...["--out", `a=${file(`${prefix}_a.tif`)}`, "--out", `b=${file(`${prefix}_b.tif`)}`],
    ...["--window", "16x16", "--window-exact", "--nodata", "a:7", "--nodata", "b:nan"],
    ...["--layer-names", "a:one,two", "--co", "a:SPARSE_OK=TRUE", "--co", "b:COMPRESS=NONE", ...more],
  ];
}

function spawn(main: string, args: readonly string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, ...args],
    ...{ stdin: "null", stdout: "null", stderr: "piped", env: { ...Deno.env.toObject(), ...env } },
  }).spawn();
}

async function ended(
  child: Deno.ChildProcess,
): Promise<{ signal: string | null; code: number; err: string }> {
  const { signal, code, stderr } = await child.output();
  return { signal, code, err: new TextDecoder().decode(stderr) };
}

/** Waits until the journal of the outputs `run` tells of a block. */
async function untilBlockKept(scene: ResumeScene): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  const journal = scene.file("run_a.tif.journal");
  while (!scene.left("run").includes("run_a.tif.journal") || recordsIn(journal) < 3) {
    assert(performance.now() < deadlineMs, "no block was journaled");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Records in a journal: the header, the formats, then blocks. */
function recordsIn(path: string): number {
  using journal = new RecordReader(path);
  return [...journal.records()].length;
}

/** Resumes the killed run and compares; what is left until then must not be taken for the outputs. */
async function assertResumes(scene: ResumeScene, prefix: string): Promise<string> {
  const { code, err } = await ended(spawn(MAIN, jobArgs(scene, prefix, "--resume", "--kind", "CW_NONE")));
  assertEquals(code, 0, err);
  await scene.assertSame(prefix);
  return err;
}

/** When, and what the resume says of it. Blocks take 60 ms, so that the first group of records comes about after 17. */
const DEATHS: readonly [string, Death, string][] = [
  ["before the first block", { operation: "write", file: "_a.tif.part", count: 1 }, "nothing to resume"],
  ["in mid-tile write, before any record", {
    ...{ operation: "write", file: "_a.tif.part", count: 9 },
  }, "nothing to resume"],
  ["in the journal's header", { operation: "write", file: ".journal", count: 1 }, "nothing to resume"],
  ["before the journal's header is on the disk", {
    ...{ operation: "sync", file: ".journal", count: 1 },
  }, "nothing to resume"],
  ["before the tiles of the first records are on the disk", {
    ...{ operation: "sync", file: "_b.tif.part", count: 1 },
  }, "nothing to resume"],
  ["in the first records", { operation: "write", file: ".journal", count: 2 }, "Cut "],
  ["in mid-tile write, after records", {
    ...{ operation: "write", file: "_b.tif.part", count: 21 },
  }, "of 24 blocks are done"],
  ["while the first file is completed", {
    ...{ operation: "sync", file: "_a.tif.part", count: 2 },
  }, "of 24 blocks are done"],
  ["while the second file is completed", {
    ...{ operation: "sync", file: "_b.tif.part", count: 2 },
  }, "of 24 blocks are done"],
  ["in the record that all is complete", { operation: "write", file: ".journal", count: 3 }, "Cut "],
  [
    "before the first rename",
    { operation: "rename", file: "_a.tif.part", count: 1 },
    "24 of 24 blocks are done",
  ],
  ["between two renames", { operation: "rename", file: "_b.tif.part", count: 1 }, "24 of 24 blocks are done"],
  ["after the last rename", { operation: "remove", file: ".journal", count: 1 }, "24 of 24 blocks are done"],
  ["after the journal is removed", { operation: "remove", file: ".lock", count: 1 }, "nothing to resume"],
];

Deno.test({
  name: "a run that is killed with SIGKILL at any moment resumes to the same outputs",
  ignore: Deno.build.os === "windows",
  fn: async (test) => {
    using scene = await resumeScene();
    scene.slowDown(60);
    const killed = DEATHS.map(([, death], index) => ({ death, prefix: `run${index}` }));
    // Most of their time they wait; three at a time are no more than two cores can do.
    const running = new Set<Promise<unknown>>();
    const ends: { signal: string | null; err: string }[] = [];
    for (const [index, { death, prefix }] of killed.entries()) {
      const child = spawn(DYING_MAIN, jobArgs(scene, prefix, "--kind", "CW_NONE"), {
        DIE_AT: JSON.stringify(death),
      });
      const end = ended(child).then((result) => {
        ends[index] = result;
        running.delete(end);
      });
      running.add(end);
      if (running.size >= 3) await Promise.race(running);
    }
    await Promise.all(running);
    scene.slowDown(0);
    for (const [index, [what, , says]] of DEATHS.entries()) {
      await test.step(what, async () => {
        assertEquals(ends[index]!.signal, "SIGKILL", ends[index]!.err);
        assertStringIncludes(await assertResumes(scene, `run${index}`), says);
      });
    }
  },
});

/** As above, in a run that is over before its first group of records is due. */
const DEATHS_AT_ONCE: readonly [string, Death][] = [
  ["in the journal's header", { operation: "write", file: ".journal", count: 1 }],
  ["while the first file is completed", { operation: "sync", file: "_a.tif.part", count: 1 }],
  ["while the second file is completed", { operation: "sync", file: "_b.tif.part", count: 1 }],
  ["in the only records", { operation: "write", file: ".journal", count: 2 }],
  ["between two renames", { operation: "rename", file: "_b.tif.part", count: 1 }],
];

Deno.test({
  name: "a run of less than a second that is killed with SIGKILL at its end resumes to the same outputs",
  ignore: Deno.build.os === "windows",
  fn: async (test) => {
    using scene = await resumeScene();
    for (const [index, [what, death]] of DEATHS_AT_ONCE.entries()) {
      await test.step(what, async () => {
        const prefix = `short${index}`;
        const args = jobArgs(scene, prefix, "--kind", "CW_NONE");
        const { signal, err } = await ended(spawn(DYING_MAIN, args, { DIE_AT: JSON.stringify(death) }));
        assertEquals(signal, "SIGKILL", err);
        await assertResumes(scene, prefix);
      });
    }
  },
});

Deno.test({
  name:
    "runs of threads and processes that are killed at random moments, resumes too, end in the same outputs",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = seededRandom(seed);
    using scene = await resumeScene();
    scene.slowDown(300);
    const processes = ["CW_SUBPROC", `--worker-permissions=--allow-read=${scene.path}`];
    for (let round = 0; round < 5; round++) {
      const kind = round % 2 === 0 ? ["CW_THREADS"] : processes;
      const child = spawn(MAIN, jobArgs(scene, "run", "--resume", "--workers", "2", "--kind", ...kind));
      const killer = setTimeout(() => child.kill("SIGKILL"), 1200 + random() * 1000);
      const { signal, err } = await ended(child);
      clearTimeout(killer);
      console.log(`seed ${seed}, round ${round}: ${kind[0]} ${signal ?? "ended"}: ${scene.left("run")}`);
      assert(signal === "SIGKILL" || err.includes("blocks"), err);
    }
    scene.slowDown(0);
    await assertResumes(scene, "run");
  },
});

Deno.test({
  name:
    "a run and a resume beside a live one are refused by its name, and the live one is killed and resumed",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using scene = await resumeScene();
    scene.slowDown(400);
    const live = spawn(MAIN, jobArgs(scene, "run", "--kind", "CW_NONE"));
    await untilBlockKept(scene);
    // It is in its middle for as long as the others take to start.
    scene.slowDown(600_000);
    for (const flag of ["--quiet", "--resume", "--restart"]) {
      const { code, err } = await ended(spawn(MAIN, jobArgs(scene, "run", flag, "--kind", "CW_NONE")));
      assertEquals(code, 1, err);
      assertStringIncludes(err, `process ${live.pid} on ${Deno.hostname()}`);
    }
    live.kill("SIGKILL");
    await ended(live);
    const { code, err } = await ended(spawn(MAIN, jobArgs(scene, "run", "--kind", "CW_NONE")));
    assertEquals(code, 2, err);
    for (const words of ["--resume", "--restart"]) assertStringIncludes(err, words);
    scene.slowDown(0);
    assertStringIncludes(await assertResumes(scene, "run"), "of 24 blocks are done");
  },
});

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test({
    name: `${signal} keeps what is done, says how to resume, and the run resumes`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      using scene = await resumeScene();
      scene.slowDown(400);
      const live = spawn(MAIN, jobArgs(scene, "run", "--kind", "CW_THREADS", "--workers", "2"));
      await untilBlockKept(scene);
      live.kill(signal);
      const { code, err } = await ended(live);
      assertEquals(code, status, err);
      for (const words of [`Ended by ${signal}`, " of 24 blocks are kept in '", "--resume"]) {
        assertStringIncludes(err, words);
      }
      assertEquals(scene.left("run"), ["run_a.tif.journal", "run_a.tif.part", "run_b.tif.part"]);
      scene.slowDown(0);
      await assertResumes(scene, "run");
    },
  });
}
