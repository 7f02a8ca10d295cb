import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { main } from "../../cli/main.ts";
import { ownIdentity } from "../../core/process_identity.ts";
import { FileRegister } from "../../core/register/file_register.ts";
import { writeRegisterFile } from "../../core/register/register_file.ts";
import { fakeConsole } from "./fake_console.ts";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
const DRIVER = fromFileUrl(new URL("../fakes/files_driver.ts", import.meta.url));
const COPY = fromFileUrl(new URL("../../examples/focal_mean.ts", import.meta.url));

/** A folder with a scene, a folder of jobs, and a register of its own, of which everything here is told. */
interface Site {
  readonly folder: string;
  readonly jobs: string;
  /** Runs `blockfleet cleanup`. */
  cleanup(args: readonly string[], answer?: string): Promise<Ended>;
  /** Starts an `apply` whose only job never runs, and waits until it is submitted. */
  start(...args: readonly string[]): Promise<Deno.ChildProcess>;
}

interface Ended {
  readonly status: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly questions: readonly string[];
}

async function atSite(test: (site: Site) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const jobs = join(folder, "jobs");
  const before = Deno.env.get("XDG_STATE_HOME");
  Deno.env.set("XDG_STATE_HOME", folder);
  const started: Deno.ChildProcess[] = [];
  try {
    await Deno.mkdir(jobs);
    await main(["demo", "--dir", folder, "--size", "64", "-q"], fakeConsole());
    await test({
      folder,
      jobs,
      cleanup: async (args, answer) => {
        const console = fakeConsole(answer);
        const status = await main(["cleanup", ...args], console);
        return { status, out: console.outLines, err: console.errLines, questions: console.questions };
      },
      start: async (...args) => {
        const old = jobsIn(jobs);
        const child = apply(folder, args);
        started.push(child);
        const deadline = performance.now() + 20_000;
        while (!jobsIn(jobs).some((job) => !old.includes(job))) {
          if (performance.now() > deadline) throw new Error("nothing was submitted");
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return child;
      },
    });
  } finally {
    for (const child of started) await killed(child);
    if (before === undefined) Deno.env.delete("XDG_STATE_HOME");
    else Deno.env.set("XDG_STATE_HOME", before);
    await Deno.remove(folder, { recursive: true });
  }
}

function apply(folder: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", MAIN, "apply", COPY, "--in", "img=scene.tif", "--out", "mean=mean.tif", "--quiet"],
      ...[
        "--driver",
        DRIVER,
        "--workers",
        "1",
        "--job-name",
        "stuck",
        "--param",
        `folder=${join(folder, "jobs")}`,
        ...args,
      ],
    ],
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

function jobsIn(jobs: string): string[] {
  return [...Deno.readDirSync(jobs)].map(({ name }) => name).filter((name) => name.endsWith(".job"));
}

/** Kills a process that may be gone, and waits for its end. */
async function killed(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended before.
    if (!(error instanceof TypeError)) throw error;
  }
  await child.status;
  if (!child.stderr.locked) await child.stderr.cancel();
}

Deno.test({
  name: "what kill -9 of a run left is listed, shown and removed; a run that lives is left alone",
  ignore: Deno.build.os === "windows",
  fn: () =>
    atSite(async ({ jobs, cleanup, start }) => {
      assertEquals((await cleanup([])).out, ["No run is in the register: nothing is known to be left"]);
      const child = await start();
      const [job] = jobsIn(jobs);
      const runId = job!.replace(".job", "");
      const row = (await cleanup([])).out[1]!.split(/\s{2,}/);
      assertEquals([row[0], row[1], row[2], row[5]], [runId, "CW_FILES", "stuck", "1 x job"]);
      assertEquals(row[4], `lives (${Deno.hostname()}:${child.pid})`);
      for (const choice of [["--run", runId], ["--job-name", "stuck"]]) {
        const alive = await cleanup(choice);
        assertEquals([alive.status, jobsIn(jobs)], [1, [job]]);
        assertStringIncludes(alive.out.join("\n"), `run ${runId} lives: process ${child.pid}`);
      }
      assertEquals((await cleanup(["--all-dead"])).out, ["There is nothing to clean up"]);
      assertEquals(jobsIn(jobs), [job]);

      await killed(child);
      const [listed] = JSON.parse((await cleanup(["--json"])).out.join()).runs;
      assertEquals([listed.runId, listed.isAlive, listed.things.length], [runId, false, 1]);
      const path = join(jobs, job!);
      const dry = await cleanup(["--all-dead", "--dry-run"]);
      assertEquals([dry.status, dry.out], [0, [`Would remove: job ${path}`]]);
      assertEquals(jobsIn(jobs), [job]);
      const real = JSON.parse((await cleanup(["--kind", "CW_FILES", "--json"])).out.join());
      assertEquals(real, {
        ...{ ok: true, dryRun: false, runs: [runId] },
        ...{ removed: [`job ${path}`], failed: [], refused: [] },
      });
      assertEquals([jobsIn(jobs), (await cleanup(["--json"])).out], [[], ['{"ok":true,"runs":[]}']]);
    }),
});

Deno.test({
  name: "apply --resume first removes the jobs of the run that it goes on with",
  ignore: Deno.build.os === "windows",
  fn: () =>
    atSite(async ({ jobs, start, cleanup }) => {
      await killed(await start());
      const [old] = jobsIn(jobs);
      const child = await start("--resume");
      const now = jobsIn(jobs);
      assertEquals([now.length, now.includes(old!)], [1, false]);
      child.kill("SIGTERM");
      const { code, stderr } = await child.output();
      assertEquals(code, 143, new TextDecoder().decode(stderr));
      assertEquals([jobsIn(jobs), (await cleanup(["--json"])).out], [[], ['{"ok":true,"runs":[]}']]);
    }),
});

Deno.test("apply --resume also cleans up after a run that ended in order but for its jobs, by its journal", async () => {
  await atSite(async ({ folder, jobs, cleanup }) => {
    const failing = join(folder, "failing.ts");
    await Deno.writeTextFile(
      failing,
      `export default (info, inputs, outputs, args) => {
        if (info.isLastBlock() && Deno.statSync(args.trouble).size > 0) throw new Error("trouble");
        outputs.copy = inputs.img.band(0);
      };`,
    );
    const trouble = join(folder, "trouble");
    await Deno.writeTextFile(trouble, "some");
    const run = async (...more: string[]) => {
      const console = fakeConsole();
      const [scene, copy] = [join(folder, "scene.tif"), join(folder, "copy.tif")];
      const args = ["apply", failing, "--in", `img=${scene}`, "--out", `copy=${copy}`, "--kind", "CW_NONE"];
      const window = ["--window", "16", "--window-exact", "--args", JSON.stringify({ trouble })];
      return { status: await main([...args, ...window, ...more], console), err: console.errLines.join("\n") };
    };
    const first = await run();
    assertEquals(first.status, 1, first.err);
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name.endsWith(".lock")), false);
    const journal = await Deno.readFile(join(folder, "copy.tif.journal"));
    const runId = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(new TextDecoder("latin1").decode(journal))![0];
    const job = join(jobs, "left.job");
    await Deno.writeTextFile(job, "queued");
    const runs = join(folder, "blockfleet", "runs");
    await Deno.mkdir(runs, { recursive: true, mode: 0o700 });
    await Deno.chmod(join(folder, "blockfleet"), 0o700);
    await writeRegisterFile(join(runs, `${runId}.json`), {
      ...{ runId, kind: "CW_FILES", driverModule: new URL(`file://${DRIVER}`).href },
      manager: { ...ownIdentity(), pid: 1, processStart: "long ago" },
      startedAt: new Date().toISOString(),
      things: [{ type: "job", key: job, state: "made" }],
    });

    await Deno.writeTextFile(trouble, "");
    const second = await run("--resume");
    assertEquals(second.status, 0, second.err);
    assertStringIncludes(second.err, `Cleaning up after run ${runId}\nRemoved: job ${job}`);
    assertEquals([jobsIn(jobs), (await cleanup(["--json"])).out], [[], ['{"ok":true,"runs":[]}']]);
  });
});

Deno.test("what only a tag makes a run's is removed after a yes, and never where nobody can be asked", async () => {
  await atSite(async ({ cleanup }) => {
    // Of this kind alone: what queues this machine has is not the matter here.
    const args = ["--driver", DRIVER, "--kind", "CW_FILES", "--run", "tagged"];
    const nobody = await cleanup(args);
    assertEquals(nobody.status, 1);
    assertStringIncludes(
      nobody.err.join("\n"),
      "There is no terminal to ask at: left as it is. --yes says yes",
    );
    const question = "Remove job 9, whose tag says so? [y/N]";
    for (const no of ["", "n", "no", "yesterday"]) {
      const refused = await cleanup(args, no);
      assertEquals([refused.status, refused.questions], [1, [question]], no);
      assertEquals(refused.out, [
        "Run 'tagged' is not in the register, and what bears its name is left as it is",
      ]);
    }
    for (const yes of ["y", "YES"]) {
      const agreed = await cleanup(args, yes);
      assertEquals([agreed.status, agreed.out], [0, ["Removed: job 9"]]);
    }
    const without = await cleanup([...args, "--yes"]);
    assertEquals([without.status, without.out, without.questions], [0, ["Removed: job 9"], []]);
  });
});

Deno.test("--kind keeps a cleanup to the runs of that kind", async () => {
  await atSite(async ({ folder, cleanup }) => {
    const within = folder;
    const register = await FileRegister.open({
      ...{ runId: "other", kind: "CW_SUBPROC", driverModule: undefined, jobName: "mine", notice: () => {} },
      folder: { path: join(folder, "blockfleet", "runs"), within },
    });
    try {
      await register.intend({ type: "job", key: "1" });
      const elsewhere = await cleanup([
        "--kind",
        "CW_FILES",
        "--driver",
        DRIVER,
        "--job-name",
        "mine",
        "--force",
      ]);
      assertMatch(elsewhere.out.join("\n"), /A job named 'mine' is not in the register/i);
      assertEquals(elsewhere.status, 1);
      const there = await cleanup(["--kind", "CW_SUBPROC", "--job-name", "mine"]);
      assertMatch(there.out.join("\n"), /run other lives/);
    } finally {
      await register.close();
    }
  });
});

Deno.test("a cleanup that does not say what it is to clean up is refused", async () => {
  const cases: [string[], RegExp][] = [
    [["--run", "a", "--all-dead"], /--run and --all-dead both choose runs: give one/],
    [["--force", "--all-dead"], /--force is about runs that live/],
    [["--dry-run"], /--dry-run needs --run ID, --job-name NAME, --all-dead or --kind/],
    [["--kind", "CW_SLUM"], /There is no kind 'CW_SLUM'/],
    [["some"], /takes no arguments/],
  ];
  for (const [args, message] of cases) {
    const console = fakeConsole();
    assertEquals([await main(["cleanup", ...args], console), console.outLines], [2, []], args.join(" "));
    assertMatch(console.errLines[0]!, message);
  }
});
