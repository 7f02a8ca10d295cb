import { assert, assertEquals } from "@std/assert";
import { ConfigError, messageOf, RasterError, WorkerError } from "../../core/errors.ts";
import { blockFailure, describeWorker, initFailure } from "../../core/remote_failure.ts";

const STACK = `TypeError: x is not a function
    at median (file:///home/me/my%20fn.ts:10:5)
    at default (file:///home/me/fn.ts:20:7)
    at ext:core/mod.js:1:1`;
const CONTEXT = { worker: 3, nativeId: "blockfleet_3.1", host: Deno.hostname(), block: "block (4, 2)" };

Deno.test("a user function's error says block, worker, error and place, and keeps the remote stack", () => {
  const error = blockFailure(
    { name: "TypeError", message: "x is not a function", stack: STACK, phase: "compute" },
    CONTEXT,
  );
  assertEquals(
    error.message,
    "The user function failed in block (4, 2) on worker 3: TypeError: x is not a function at /home/me/my%20fn.ts:10:5",
  );
  assertEquals(error.context, {
    ...CONTEXT,
    remoteStack: STACK,
    remoteName: "TypeError",
    inUserFunction: true,
  });
});

Deno.test("the place is the user's, also where blockfleet's own code throws; its own if there is no other", () => {
  const root = decodeURI(new URL("../../", import.meta.url).href);
  const ours = `    at RasterBlock.band (${root}raster/raster_block.ts:9:3)`;
  const theirs = `    at default (${root}examples/fn.ts:20:7)`;
  const placeOf = (...frames: string[]) => {
    const error = { name: "RangeError", message: "m", phase: "compute" as const };
    return blockFailure({ ...error, stack: ["RangeError: m", ...frames].join("\n") }, CONTEXT).message
      .split("RangeError: m at ")[1]!;
  };
  const path = root.replace("file://", "");
  assertEquals(placeOf(ours, theirs), `${path}examples/fn.ts:20:7`);
  assertEquals(placeOf(ours), `${path}raster/raster_block.ts:9:3`);
});

Deno.test("a reading error says so, and one that explains itself needs no class name", () => {
  const read = blockFailure({ name: "Error", message: "gone", stack: "", phase: "read" }, CONTEXT);
  assertEquals(read.message, "Cannot read the inputs of block (4, 2) on worker 3: Error: gone");
  const raster = blockFailure({
    name: "RasterError",
    message: "'a.tif' is cut off",
    stack: STACK,
    phase: "read",
  }, CONTEXT);
  assertEquals(raster.message, "Cannot compute block (4, 2) on worker 3: 'a.tif' is cut off");
});

Deno.test("a worker elsewhere is named with its job or task and its host", () => {
  assertEquals(
    describeWorker({ worker: 7, nativeId: "812_7", host: "node12" }),
    "worker 7 (812_7) on node12",
  );
  assertEquals(describeWorker({ worker: 7, host: "node12" }), "worker 7 on node12");
  assertEquals(describeWorker({ worker: 7, nativeId: "4711", host: Deno.hostname() }), "worker 7");
  assertEquals(describeWorker({ worker: 7 }), "worker 7");
});

Deno.test("remote text reaches nobody's terminal with its control characters", () => {
  const { message } = blockFailure(
    { name: "Error", message: "\u001b[31mred\u0007\r\u009b", stack: "", phase: "compute" },
    CONTEXT,
  );
  // deno-lint-ignore no-control-regex -- that is what is looked for
  assert(!/[\u0000-\u001f\u007f-\u009f]/.test(message), JSON.stringify(message));
  assertEquals(messageOf(new Error("")), "Error");
  assertEquals(messageOf(undefined), "undefined");
});

Deno.test("a worker that can't start gives back the kind of error that it had", () => {
  const remote = (name: string) => ({ name, message: "no", stack: "s", phase: "load" as const });
  assert(initFailure(remote("ConfigError"), CONTEXT) instanceof ConfigError);
  assert(initFailure(remote("RasterError"), CONTEXT) instanceof RasterError);
  const other = initFailure(remote("SyntaxError"), CONTEXT);
  assert(other instanceof WorkerError);
  assertEquals(other.message, "worker 3 could not start: SyntaxError: no");
});

Deno.test("nothing of a remote error steers the terminal that shows it", () => {
  const stack = "Error\n    at default (file:///home/me/\u001b[2Jfn.ts:1:2)";
  const error = { name: "\u001b[31mBad\nError", message: "\u0007m", stack, phase: "compute" as const };
  for (const { message } of [blockFailure(error, CONTEXT), initFailure(error, CONTEXT)]) {
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    assert(!/[\u0000-\u001f\u007f-\u009f]/.test(message), JSON.stringify(message));
  }
});
