import { assertEquals, assertRejects } from "@std/assert";
import type { FromWorker, ManagerLink, ToWorker } from "../../core/driver.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import { packValue } from "../../core/pack_value.ts";
import { headerOnly } from "../../core/payload.ts";
import type { MapJob } from "../../core/worker/map_processor.ts";
import { MAP_PROGRAM } from "../../core/worker/map_thread.ts";
import { serveManager } from "../../core/worker/worker_process.ts";

const OPTIONS = { program: MAP_PROGRAM, codeHash: undefined, drainGraceMs: 1000 };
const INIT = { worker: 0, session: 1, processor: "map" };

Deno.test("a worker process that can't hear its manager any more ends with the reason", async () => {
  let heard = 0;
  const link: ManagerLink = {
    send() {},
    receive() {
      const init = { ...INIT, job: headerOnly(undefined) };
      return heard++ === 0
        ? Promise.resolve({ type: "init", init })
        : Promise.reject(new TypeError("no word"));
    },
    closed: false,
    computing() {},
  };
  const draining = new AbortController().signal;
  await assertRejects(() => serveManager(link, { ...OPTIONS, threads: 1, draining }), TypeError, "no word");
});

/** Puts something into its other args that can't be sent, or does not. */
const MODULE = "export default (isBad, args) => { args.seen = isBad ? () => {} : 1; };";

Deno.test("of a worker's threads one can't say its last word, and those of the others come all the same", async () => {
  for (const badFirst of [true, false]) {
    const args = packValue({ seen: 0 }, "otherArgs");
    const job: MapJob = {
      userFunction: { kind: "module", url: `data:text/javascript,${MODULE}`, exportName: undefined },
      ...{ hasOtherArgs: true, argsABlock: false, otherArgs: args.header },
    };
    // One for each of the two threads.
    const items = [badFirst, !badFirst].map((isBad, block) => ({
      ...{ block, attempt: 1, input: packValue(isBad, "n") },
    }));
    const incoming = new MessageQueue<ToWorker>();
    const said: FromWorker[] = [];
    const link: ManagerLink = {
      send(message) {
        said.push(message);
        if (message.type === "ready") incoming.push({ type: "assign", items });
        if (said.filter(({ type }) => type === "results").length === 2) incoming.push({ type: "end" });
      },
      receive: () => incoming.receive(),
      closed: false,
      computing() {},
    };
    incoming.push({ type: "init", init: { ...INIT, job: { header: job, parts: args.parts } } });
    await serveManager(link, { ...OPTIONS, threads: 2, draining: new AbortController().signal });
    const last = said.slice(-2).map((message) => [message.type, message.type === "final" && message.more]);
    assertEquals(last, [["final", true], ["finalError", false]]);
  }
});
