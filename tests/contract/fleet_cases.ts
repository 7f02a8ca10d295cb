/**
 * What a driver's fleet must do by itself, without a manager.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { RunSelector } from "../../core/driver.ts";
import { CW_NONE } from "../../core/kinds.ts";
import type { ContractCase } from "./contract_case.ts";
import { HeldFleet } from "./held_fleet.ts";

/** The cases. */
export const FLEET_CASES: readonly ContractCase[] = [
  {
    name: "its kind is CW_ and capitals, and it says what it can do",
    run({ driver }) {
      assertMatch(driver.kind, /^CW_[A-Z0-9_]+$/);
      for (
        const trait of [
          "computeWorkersReadDefault",
          "inProcess",
          "supportsSingleBlock",
          "canInterrupt",
        ] as const
      ) {
        assertEquals(typeof driver[trait], "boolean", trait);
      }
      return Promise.resolve();
    },
  },
  {
    name: "whether it can run here may be asked again and again",
    async run({ driver }) {
      assertEquals(await driver.available(), await driver.available());
    },
  },
  {
    name: "each worker says hello, and its status and its news name it by the same id",
    async run({ driver, fleet }) {
      const workers = driver.kind === CW_NONE ? 1 : 3;
      await using held = await fleet(workers, (n) => n);
      const attached = await held.all(workers);
      assertEquals(attached.map(({ worker }) => worker).sort(), [...Array(workers).keys()]);
      assertEquals(new Set(attached.map(({ hello }) => hello.nativeId)).size, workers);
      for (const { worker, hello } of attached) {
        assert(hello.host !== "" && hello.pid > 0);
        const status = await held.status(worker, "running");
        assertEquals(status.nativeId, hello.nativeId);
        const news = await held.news((event) => event.type === "started" && event.worker === worker);
        assert(news.type === "started" && news.nativeId === hello.nativeId && news.host === hello.host);
      }
    },
  },
  {
    name: "a worker computes what it is sent and answers each block, until it is told to finish",
    async run({ fleet }) {
      await using held = await fleet(1, (n) => n * n);
      const worker = await held.next();
      await worker.init();
      assertEquals([await worker.compute(3), await worker.compute(4)], [9, 16]);
      worker.link.send({ type: "end" });
      assertEquals((await worker.receive())?.type, "final");
    },
  },
  {
    name: "stopping may be done again, ends every worker, and ends the news",
    async run({ driver, fleet }) {
      const workers = driver.kind === CW_NONE ? 1 : 2;
      await using held = await fleet(workers, (n) => n);
      const attached = await held.all(workers);
      await held.fleet.stop({ finished: false });
      assertEquals(await held.fleet.stop({ finished: true }), []);
      for (const { ended } of attached) await ended;
      assertEquals(new Set(held.fleet.workers().map(({ state }) => state)), new Set(["ended"]));
      await held.newsEnded;
    },
  },
  {
    name: "workers may be stopped before they have connected",
    async run({ fleet }) {
      await using held = await fleet(1, (n) => n);
      await held.fleet.stop({ finished: false });
      assertEquals(held.fleet.workers().map(({ state }) => state), ["ended"]);
      await held.newsEnded;
    },
  },
  {
    name: "another worker comes in the place of one that has gone, under a new id, and works",
    async run({ fleet }) {
      await using held = await fleet(1, (n) => n + 1);
      const first = await held.next();
      await first.init();
      first.link.close("the contract wants another");
      await first.ended;
      const signal = new AbortController().signal;
      assertEquals(await held.fleet.replace(first.worker, signal), { replaced: true });
      const second = await held.next();
      assertEquals(second.worker, first.worker);
      assertNotEquals(second.hello.nativeId, first.hello.nativeId);
      await second.init();
      assertEquals(await second.compute(6), 7);
      await held.status(first.worker, "running");
      assertEquals(held.fleet.workers().length, 1);
    },
  },
  {
    name: "no worker is replaced once the run is over",
    async run({ fleet }) {
      await using held = await fleet(1, (n) => n);
      const worker = await held.next();
      const answer = await held.fleet.replace(worker.worker, AbortSignal.abort());
      assert(!answer.replaced && answer.reason !== "");
    },
  },
  {
    name: "a replacement that is under way when the fleet is stopped leaves nothing",
    async run({ fleet }) {
      await using held = await fleet(1, (n) => n);
      const first = await held.next();
      first.link.close("the contract wants another");
      const ended = new AbortController();
      const replacing = held.fleet.replace(first.worker, ended.signal);
      ended.abort();
      await Promise.all([replacing, held.fleet.stop({ finished: false })]);
      assertEquals(held.fleet.workers().map(({ state }) => state), ["ended"]);
      await held.newsEnded;
    },
  },
  {
    name: "it says whether its fleets can grow",
    needs: ({ kind }) => kind === CW_NONE ? "there is never more than one" : undefined,
    async run({ driver, fleet }) {
      await using held = await fleet(1, (n) => n);
      assertEquals(held.fleet.grow !== undefined, driver.canGrow ?? false, "canGrow");
      await held.next();
    },
  },
  {
    name: "more workers are numbered on from those there are, and none come once the run is over",
    needs: ({ canGrow }) => canGrow ? undefined : "its fleets can't grow",
    async run({ fleet }) {
      await using held = await fleet(1, (n) => 2 * n, { maxWorkers: 3 });
      assertEquals((await held.next()).worker, 0);
      const { signal } = new AbortController();
      assertEquals((await held.fleet.grow!(2, signal)).added, 2);
      const more = await held.all(2);
      assertEquals(more.map(({ worker }) => worker).sort(), [1, 2]);
      await more[0]!.init();
      assertEquals(await more[0]!.compute(4), 8);
      const late = await held.fleet.grow!(1, AbortSignal.abort());
      assertEquals([late.added, typeof late.reason, held.fleet.workers().length], [0, "string", 3]);
    },
  },
  {
    name: "a preview says what starting would do, and starts nothing",
    needs: ({ preview }) => preview ? undefined : "it has no preview",
    async run({ driver, fleet, style }) {
      const spec = await HeldFleet.spec(2, { extraParams: style().computeWorkerExtraParams ?? {} });
      const { steps } = await driver.preview!(spec);
      assert(steps.length > 0);
      for (const { title, text } of steps) assert(title !== "" && text !== "");
      await using held = await fleet(1, (n) => n);
      assertEquals((await held.next()).worker, 0);
    },
  },
  {
    name: "a cleanup that only looks says what it would remove",
    needs: ({ cleanup }) => cleanup ? undefined : "it has no cleanup",
    async run({ driver }) {
      const selector: RunSelector = {
        runs: [],
        unregistered: { runId: crypto.randomUUID() },
        dryRun: true,
        confirm: () => Promise.reject(new Error("nothing is to be asked for a look")),
      };
      const { removed, failed } = await driver.cleanup!(selector);
      assertEquals([removed, failed], [[], []]);
    },
  },
];
