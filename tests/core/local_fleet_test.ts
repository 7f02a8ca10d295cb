import { assertEquals } from "@std/assert";
import type { DriverContext, FleetEvent, WorkerLink } from "../../core/driver.ts";
import { MAP_PROGRAM } from "../../core/worker/map_thread.ts";
import { driver } from "../../drivers/threads.ts";

Deno.test("a thread that the manager itself tells to end has left in order: its end needs no explanation", async () => {
  const attached = Promise.withResolvers<WorkerLink>();
  const context: DriverContext = {
    runId: "r",
    signal: new AbortController().signal,
    notice: () => {},
    register: () => Promise.reject(new TypeError("threads need no register")),
    openChannel: () => Promise.reject(new TypeError("threads need no channel")),
    attach: (_worker, _hello, link) => attached.resolve(link),
  };
  const fleet = await driver.start({
    ...{ workers: 1, maxWorkers: 1, program: MAP_PROGRAM, jobName: undefined, extraParams: {} },
    ...{ singleBlockComputeWorkers: false, haveSharedTemp: true, threadsPerWorker: 1 },
    access: { read: [], net: [], everything: false, flags: [] },
  }, context);
  const link = await attached.promise;
  link.listen({ message: () => {}, ended: () => {} });
  link.close("the run is done");
  const events: FleetEvent[] = [];
  const reading = (async () => {
    for await (const event of fleet.events) events.push(event);
  })();
  await fleet.stop({ finished: true });
  await reading;
  const end = events.find((event) => event.type === "ended");
  assertEquals(end?.type === "ended" && [end.cause, end.exitCode], ["exit", 0]);
});
