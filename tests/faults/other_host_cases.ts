/**
 * Workers on another host, and a link that is cut for a while and for good.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { FaultRun } from "./fault_run.ts";
import { FaultScene } from "./fault_scene.ts";
import { type LongCase, seconds } from "./long_case.ts";
import { commandLine } from "./processes.ts";
import { TwoHosts, whyNoHosts } from "./two_hosts.ts";

const DRIVER = fromFileUrl(new URL("other_host_driver.ts", import.meta.url));
const CUT_SECONDS = 20;
/** A peer that is silent for so long is lost (docs/channel.md). */
const SILENCE_SECONDS = 30;
const GRACE_SECONDS = 3;

function start(scene: FaultScene, hosts: TwoHosts, args: readonly string[] = []): FaultRun {
  const params = JSON.stringify({ namespace: hosts.workers });
  return scene.runBy(["ip", "netns", "exec", hosts.manager], [
    ...["--driver", DRIVER, "--kind", "CW_OTHER_HOST", "--extra-params", params, "--workers", "2"],
    ...args,
  ]);
}

/** The address that a run's workers were given. */
function addressOf(run: FaultRun): string {
  const [pid] = run.workers().values();
  const words = commandLine(pid!);
  return words[words.indexOf("--channel") + 1]!;
}

const skipped = whyNoHosts();

/** The cases. */
export const OTHER_HOST_CASES: readonly LongCase[] = [
  {
    name: `workers on another host speak TLS, and a link that is down for ${CUT_SECONDS} s loses none`,
    skipped,
    async run() {
      using hosts = new TwoHosts();
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(300);" });
      const run = start(scene, hosts);
      await run.until("some blocks are done", () => scene.timesBegun().size > 6);
      const [, , advertised, , certificate] = addressOf(run).split("/");
      assertEquals(advertised, "10.213.0.1");
      assert(certificate!.length > 100, `no certificate: ${certificate}`);
      hosts.isLinked = false;
      await seconds(CUT_SECONDS);
      const done = scene.timesBegun().size;
      hosts.isLinked = true;
      const { workers, blocks } = await scene.assertDone(run);
      assert(done < scene.blocks, "all was done before the end of the cut");
      assertEquals([workers.started, workers.lost, blocks.retried], [2, 0, 0], run.err);
    },
  },
  {
    name: "workers on another host speak plain only with --insecure-channel",
    skipped,
    async run() {
      using hosts = new TwoHosts();
      await using scene = new FaultScene({ across: 6, down: 4, each: "pause(100);" });
      const run = start(scene, hosts, ["--insecure-channel"]);
      await run.until("some blocks are done", () => scene.timesBegun().size > 3);
      assertEquals(addressOf(run).split("/")[4], "plain");
      const { workers } = await scene.assertDone(run);
      assertEquals(workers.lost, 0);
    },
  },
  {
    name:
      "a link that is down for good ends the run and the workers on the other host, and no block is blamed",
    skipped,
    async run() {
      using hosts = new TwoHosts();
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(300);" });
      const run = start(scene, hosts, ["--reconnect-grace", String(GRACE_SECONDS)]);
      await run.until("some blocks are done", () => scene.timesBegun().size > 6);
      hosts.isLinked = false;
      const startMs = performance.now();
      await scene.assertFailed(run, { says: ["the other host is out of reach"], keeps: true });
      assert(!run.err.includes("while computing"), `a block is blamed: ${run.err}`);
      const tookSeconds = (performance.now() - startMs) / 1000;
      assert(tookSeconds < SILENCE_SECONDS + GRACE_SECONDS + 15, `it took ${tookSeconds} s`);
    },
  },
  {
    name: "workers that no manager can reach any more end after the grace, and their run is resumed",
    skipped,
    async run() {
      using hosts = new TwoHosts();
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(300);" });
      const run = start(scene, hosts, ["--reconnect-grace", String(GRACE_SECONDS)]);
      await run.until("some blocks are done", () => scene.timesBegun().size > 20);
      hosts.isLinked = false;
      // Its host dies: nobody is left that could tell them.
      run.signal("SIGKILL");
      await run.ended;
      assertEquals(run.workers().size, 2);
      await scene.processesEnd(1000 * (SILENCE_SECONDS + GRACE_SECONDS + 15));
      hosts.isLinked = true;
      const { blocks } = await scene.assertDone(start(scene, hosts, ["--resume"]));
      assert(blocks.resumed > 0);
    },
  },
];
