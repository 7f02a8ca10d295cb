/**
 * Connections that are broken for a while.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { FaultProxy } from "./fault_proxy.ts";
import { FaultScene } from "./fault_scene.ts";
import { type LongCase, seconds } from "./long_case.ts";
import { proxiedRun, proxyFor } from "./proxied_run.ts";

const CUT_SECONDS = 20;

/** A run of two workers whose connections all break in the same way for a while. */
function cutCase(
  name: string,
  { cut, reconnects }: { cut: (proxy: FaultProxy) => void; reconnects: boolean },
): LongCase {
  return {
    name,
    async run() {
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(300);" });
      await using proxy = proxyFor(scene);
      const run = proxiedRun(scene, proxy, ["--workers", "2"]);
      await run.until("some blocks are done", () => scene.timesBegun().size > 6);
      cut(proxy);
      await seconds(CUT_SECONDS);
      const done = scene.timesBegun().size;
      proxy.mode = "pass";
      const { workers, blocks } = await scene.assertDone(run);
      assert(done < scene.blocks, "all was done before the end of the cut");
      assertEquals([workers.started, workers.lost, blocks.retried], [2, 0, 0], run.err);
      assertEquals(proxy.connections > 2, reconnects, `${proxy.connections} connections`);
    },
  };
}

/** The cases. */
export const CUT_CASES: readonly LongCase[] = [
  cutCase(`connections that deliver nothing for ${CUT_SECONDS} s lose no worker`, {
    cut: (proxy) => proxy.mode = "hold",
    reconnects: false,
  }),
  cutCase(`connections that are cut, with none let in for ${CUT_SECONDS} s, lose no worker`, {
    cut(proxy) {
      proxy.mode = "refuse";
      for (const index of [0, 1]) proxy.cut(index);
    },
    reconnects: true,
  }),
];
