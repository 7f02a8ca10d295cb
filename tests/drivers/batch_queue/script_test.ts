/** Rendered scripts, run by a real bash as a scheduler would. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type JobScript, renderJobScript } from "../../../drivers/batch_queue/job_script.ts";
import { parseJobLog } from "../../../drivers/batch_queue/job_log.ts";

const AWKWARD = `it's "quoted", $HOME \`date\` \\ *\n\tand a second line`;

Deno.test("words, folders and variables with spaces, quotes, dollars and newlines arrive intact", async () => {
  await using at = await TempFolder.make();
  const folder = `${at.path}/${AWKWARD}`;
  await Deno.mkdir(folder);
  const { log, code } = await runScript(at, {
    folder,
    exports: [["GREETING", AWKWARD]],
    command: [
      "bash",
      "-c",
      'printf "%s|%s|%s" "$1" "$GREETING" "$PWD" > "$2"',
      "_",
      AWKWARD,
      `${at.path}/out`,
    ],
  });
  assertEquals(await Deno.readTextFile(`${at.path}/out`), `${AWKWARD}|${AWKWARD}|${folder}`);
  assertEquals([code, parseJobLog(log).exitStatus], [0, 0]);
});

Deno.test("the script ends as its command does, and says so at the end of the log", async () => {
  await using at = await TempFolder.make();
  const { code, log } = await runScript(at, { command: ["bash", "-c", "echo ouch >&2; exit 7"] });
  assertEquals(code, 7);
  assertEquals(parseJobLog(log), { tail: "ouch", exitStatus: 7, schedulerWords: [] });
});

Deno.test("a command that fails before the worker's is in the log with its status", async () => {
  await using at = await TempFolder.make();
  const { code, log } = await runScript(at, { initCmds: ["echo no such module >&2", "exit 3"] });
  assertEquals(code, 3);
  assertEquals(parseJobLog(log), { tail: "no such module", exitStatus: 3, schedulerWords: [] });
});

Deno.test("without its address file a job ends with status 66 and says which file on which host", async () => {
  await using at = await TempFolder.make();
  const { code, log } = await runScript(at, { waitFor: `${at.path}/a b/channel`, waitSeconds: 1 });
  assertEquals(code, 66);
  assertStringIncludes(log, `${at.path}/a b/channel is not visible on ${Deno.hostname()}`);
});

Deno.test("a job waits for an address file that comes late", async () => {
  await using at = await TempFolder.make();
  const file = `${at.path}/channel`;
  const running = runScript(at, { waitFor: file, command: ["cat", file] });
  await at.until("log", "job begins");
  await Deno.writeTextFile(file, "here\n");
  const { code, log } = await running;
  assertEquals([code, parseJobLog(log).tail], [0, "here"]);
});

for (const signal of ["SIGTERM", "SIGUSR1", "SIGUSR2"] as const) {
  Deno.test(`${signal} to the script reaches the worker, and the script waits until it has finished`, async () => {
    await using at = await TempFolder.make();
    const { code, log } = await runScript(at, { command: DRAINING, signal });
    assertEquals(code, 4);
    assertEquals(parseJobLog(log), { tail: "working\ndrained", exitStatus: 4, signal, schedulerWords: [] });
  });
}

Deno.test("two signals do not keep the worker from finishing", async () => {
  await using at = await TempFolder.make();
  const { code, log } = await runScript(at, { command: DRAINING, signal: "SIGUSR1", again: "SIGTERM" });
  assertEquals([code, parseJobLog(log).tail], [4, "working\ndrained"]);
});

Deno.test("a script with a watch ends as its command does, and leaves nothing", async () => {
  await using at = await TempFolder.make();
  const { code, log } = await runScript(at, {
    command: ["bash", "-c", "echo hello; exit 7"],
    isWatched: true,
  });
  assertEquals(code, 7);
  assertEquals(parseJobLog(log), { tail: "hello", exitStatus: 7, schedulerWords: [] });
  await at.untilUnused();
  const drained = await runScript(at, { command: DRAINING, signal: "SIGUSR2", isWatched: true });
  assertEquals([drained.code, parseJobLog(drained.log).tail], [4, "working\ndrained"]);
  await at.untilUnused();
});

Deno.test("a worker ends with a script that has a watch, although only the script's group is killed", async () => {
  await using at = await TempFolder.make();
  await runScript(at, { command: [...DRAINING, at.path], groupSignal: "SIGKILL", isWatched: true });
  await at.untilUnused();
});

Deno.test("a wrapper that swallows SIGTERM does not keep it from the worker", async () => {
  await using at = await TempFolder.make();
  const { code, log } = await runScript(at, {
    cmdPrefix: `bash -c 'trap : TERM; "$@"; exit $?' wrapper`,
    command: DRAINING,
    signal: "SIGTERM",
  });
  assertEquals([code, parseJobLog(log).tail], [4, "working\ndrained"]);
});

Deno.test("text behind the command runs after it, although the job was told to end", async () => {
  await using at = await TempFolder.make();
  const { log } = await runScript(at, {
    command: DRAINING,
    cmdSuffix: "; echo tidied up",
    signal: "SIGTERM",
  });
  assertEquals(parseJobLog(log).tail, "working\ndrained\ntidied up");
});

Deno.test("the worker can't read the script from its standard input", async () => {
  await using at = await TempFolder.make();
  const { log } = await runScript(at, { command: ["cat"] });
  assertEquals(parseJobLog(log).tail, "");
});

Deno.test("a secret is in the command's environment and not in that of the commands before it", async () => {
  await using at = await TempFolder.make();
  const { log } = await runScript(at, {
    initCmds: ['echo "before: ${A_KEY-none}"'],
    commandExports: [["A_KEY", "k3y"]],
    command: ["bash", "-c", 'echo "worker: ${#A_KEY}"'],
  });
  assertMatch(log, /before: none\nworker: 3\n/);
});

Deno.test({
  name:
    "a secret of the job's environment gets to the command, and is in the environment of no shell of the job",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using at = await TempFolder.make();
    const { code, log } = await runScript(at, {
      env: { A_KEY: "k3y", OTHER: "kept" },
      carriedSecret: "A_KEY",
      initCmds: ['echo "before: ${A_KEY-none}, $OTHER"'],
      command: [
        "bash",
        "-c",
        `for pid in $PPID $(ps -o ppid= -p $PPID); do tr '\\0' '\\n' < /proc/$pid/environ | grep -E 'A_KEY|OTHER'; done
        echo "worker: \${#A_KEY}, open: $(ls /proc/$PPID/fd | grep -cx 7)"`,
      ],
    });
    assertEquals(code, 0, log);
    assertMatch(log, /before: none, kept\n(OTHER=kept\n){2}worker: 3, open: 0\n/);
  },
});

Deno.test("a job that was not given its secret leaves it to the command to say so", async () => {
  await using at = await TempFolder.make();
  const command = ["bash", "-c", 'echo "worker: ${A_KEY:-no key}"'];
  const { log } = await runScript(at, { carriedSecret: "A_KEY", command });
  assertEquals(parseJobLog(log).tail, "worker: no key");
});

Deno.test("a login shell that is given a secret is one still when the commands before the worker's run", async () => {
  await using at = await TempFolder.make();
  // conda defines itself in a profile, as a function that no environment hands on.
  await Deno.writeTextFile(`${at.path}/.bash_profile`, 'conda() { echo "conda $1"; }\n');
  const { code, log } = await runScript(at, {
    begin: ["#!/bin/bash -l"],
    env: { HOME: at.path, A_KEY: "k3y" },
    carriedSecret: "A_KEY",
    initCmds: ["conda activate"],
    command: ["bash", "-c", 'echo "worker: ${#A_KEY}"'],
  });
  assertEquals([code, parseJobLog(log).tail], [0, "conda activate\nworker: 3"]);
});

/** Takes half a second to finish what it has when it is told to end. */
const DRAINING = [
  "bash",
  "-c",
  `exec 2> /dev/null; trap 'sleep 0.5; echo drained; exit 4' TERM; echo working; while :; do sleep 0.05; done`,
];

interface RunOptions extends Partial<JobScript> {
  /** What the scheduler puts into the job's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Sent once the worker works. */
  readonly signal?: Deno.Signal;
  /** To its process group alone, once the worker works. */
  readonly groupSignal?: Deno.Signal;
  /** Sent soon after it. */
  readonly again?: Deno.Signal;
}

async function runScript(
  at: TempFolder,
  { env = {}, signal, groupSignal, again, ...given }: RunOptions,
): Promise<{ code: number; log: string }> {
  const script = renderJobScript({
    begin: ["#!/bin/bash"],
    runId: "r1",
    folder: at.path,
    exports: [],
    initCmds: [],
    command: ["true"],
    cmdPrefix: "",
    cmdSuffix: "",
    ...given,
  });
  const file = `${at.path}/script.sh`;
  await Deno.writeTextFile(file, script, { mode: 0o700 });
  const job = new Deno.Command("bash", {
    args: ["-c", 'exec "$0" > "$1" 2>&1', file, `${at.path}/log`],
    env: { ...env },
    stdin: "null",
    // It leads a group of its own, as a scheduler's job does.
    detached: true,
  }).spawn();
  if (groupSignal) {
    await at.until("log", "working");
    Deno.kill(-job.pid, groupSignal);
  }
  if (signal) {
    await at.until("log", "working");
    job.kill(signal);
  }
  if (again) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    job.kill(again);
  }
  const { code } = await job.status;
  return { code, log: await Deno.readTextFile(`${at.path}/log`) };
}

class TempFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<TempFolder> {
    return new TempFolder(await Deno.makeTempDir({ prefix: "blockfleet_test_" }));
  }

  async until(file: string, text: string): Promise<void> {
    for (const since = performance.now(); performance.now() - since < 10_000;) {
      const now = await Deno.readTextFile(`${this.path}/${file}`).catch(() => "");
      if (now.includes(text)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert(false, `'${text}' never came`);
  }

  /** Waits until no process works in the folder or names it. */
  async untilUnused(): Promise<void> {
    const users = () =>
      [...Deno.readDirSync("/proc")].filter(({ name }) => {
        if (!/^\d+$/.test(name) || Number(name) === Deno.pid) return false;
        try {
          const command = Deno.readTextFileSync(`/proc/${name}/cmdline`);
          return command.includes(this.path) || Deno.readLinkSync(`/proc/${name}/cwd`) === this.path;
        } catch {
          // It has ended while we looked, or is another user's.
          return false;
        }
      });
    for (const since = performance.now(); performance.now() - since < 10_000;) {
      if (users().length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals(users().map(({ name }) => name), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
