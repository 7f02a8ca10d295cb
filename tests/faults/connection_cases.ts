/**
 * Workers that are cut off for good, never connect, or connect twice.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { FaultScene } from "./fault_scene.ts";
import type { LongCase } from "./long_case.ts";
import { commandLine, environmentOf, signal } from "./processes.ts";
import { proxiedRun, proxyFor } from "./proxied_run.ts";

const PREFIX_DRIVER = fromFileUrl(new URL("../../examples/prefix_driver.ts", import.meta.url));

/** A shell script that becomes a worker, and keeps the key that its manager gives it: `sh keep_key.sh FILE WORKER...`. */
const KEEP_KEY = `file=$1
shift
read -r key
printf '%s\\n' "$key" > "$file.$$" && mv "$file.$$" "$file"
mkfifo "$file.pipe.$$"
exec 3<&0
{ printf '%s\\n' "$key"; cat <&3; } > "$file.pipe.$$" 2> /dev/null &
exec "$@" < "$file.pipe.$$" 3<&-
`;

/** The cases. */
export const CONNECTION_CASES: readonly LongCase[] = [
  {
    name:
      "a worker that is cut off for good is lost after the grace, its blocks are done by others, and it ends",
    async run() {
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(300);" });
      await using proxy = proxyFor(scene);
      const run = proxiedRun(scene, proxy, ["--workers", "2", "--reconnect-grace", "2"]);
      await run.until("both work", () => scene.inHand().size === 2);
      proxy.cut(0);
      proxy.mode = "refuse";
      await run.said("was lost: ");
      proxy.mode = "pass";
      const { workers } = await scene.assertDone(run);
      assertEquals([workers.started, workers.lost], [3, 1]);
      assert(!run.err.includes("while computing"), `a block is blamed: ${run.err}`);
    },
  },
  {
    name:
      "when all are cut off for good the run ends by its queueTimeout, keeps what is done, and no worker stays",
    async run() {
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(200);" });
      await using proxy = proxyFor(scene);
      const run = proxiedRun(scene, proxy, [
        ...["--workers", "2", "--reconnect-grace", "1", "--queue-timeout", "4"],
      ]);
      await run.until("six blocks are done", () => scene.timesBegun().size > 8);
      proxy.mode = "refuse";
      for (const index of [0, 1]) proxy.cut(index);
      await scene.assertFailed(run, { says: ["--queue-timeout of"], keeps: true });
      assert(!run.err.includes("while computing"), `a block is blamed: ${run.err}`);
    },
  },
  {
    name: "a worker that never connects holds nobody up, and is ended with the run",
    async run() {
      await using scene = new FaultScene({ across: 6, down: 4, each: "pause(20);" });
      const run = scene.run([]);
      await run.until("worker 1 is started", () => run.workers().has(1));
      const stopped = run.workers().get(1)!;
      signal(stopped, "SIGSTOP");
      const { workers } = await scene.assertDone(run);
      assertEquals([workers.started, workers.lost], [3, 0]);
      assert(!scene.hasWorked(stopped), "it was stopped too late to prove anything");
    },
  },
  {
    name: "when no worker ever connects the run ends by its queueTimeout and leaves nothing",
    async run() {
      await using scene = new FaultScene({ across: 6, down: 4 });
      const run = scene.run(["--workers", "2", "--queue-timeout", "2"]);
      await run.until("both are started", () => run.workers().size === 2);
      for (const pid of run.workers().values()) signal(pid, "SIGSTOP");
      await scene.assertFailed(run, { says: ["--queue-timeout of"] });
      assertEquals(scene.timesBegun().size, 0, "they were stopped too late to prove anything");
    },
  },
  {
    name: "of two workers with one number the newer one works, and the older one is told to end",
    async run() {
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(250);" });
      const keyFile = scene.file("key");
      Deno.writeTextFileSync(scene.file("keep_key.sh"), KEEP_KEY);
      const prefix = JSON.stringify(["sh", scene.file("keep_key.sh"), keyFile]);
      const run = scene.run([
        ...[
          "--kind",
          "CW_PREFIX",
          "--driver",
          PREFIX_DRIVER,
          "--param",
          `prefix=${prefix}`,
          "--workers",
          "2",
        ],
      ]);
      await run.until("both work", () => scene.inHand().size === 2);
      const older = run.workers().get(0)!;
      const [program, ...args] = commandLine(older).filter((word) => word !== "");
      const newer = new Deno.Command(program!, {
        ...{ args, env: environmentOf(older), clearEnv: true },
        ...{ stdin: "piped", stdout: "null", stderr: "piped" },
      }).spawn();
      const writer = newer.stdin.getWriter();
      await writer.write(Deno.readFileSync(keyFile));
      const newersEnd = Promise.all([newer.status, new Response(newer.stderr).text()]);
      await run.until("the older one has ended", () => commandLine(older)[0] === "");
      await run.until("the newer one works", () => scene.hasWorked(newer.pid));
      const [{ code }, said] = await newersEnd;
      assertEquals(code, 0, said);
      await writer.abort().catch(() => {});
      const { workers } = await scene.assertDone(run);
      assertEquals([workers.started, workers.lost], [2, 0], run.err);
    },
  },
];
