import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeHeader } from "../../../core/channel/header_codec.ts";
import { MessageSizeError, requireSendable } from "../../../core/channel/message_size.ts";
import { ConfigError, WorkerError } from "../../../core/errors.ts";
import { CW_SUBPROC } from "../../../core/kinds.ts";
import { mapBlocks, type MapBlocksOptions } from "../../../core/map_blocks.ts";

const LONG = 65 << 20;
const TOO_LONG =
  "it is too large for one message: it has 65 MiB of values other than typed arrays, and 64 MiB are the most. " +
  "Use typed arrays, or smaller blocks";

async function failure(
  options: Partial<MapBlocksOptions<unknown, unknown>>,
  errorClass: new (...args: never[]) => Error = WorkerError,
): Promise<{ message: string; notices: string[] }> {
  const notices: string[] = [];
  const blocks = mapBlocks<unknown, unknown>({
    userFunction: (value: unknown) => typeof value === "number" ? "x".repeat(value) : "short",
    blocks: [1],
    concurrency: { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 1 },
    onNotice: (line) => notices.push(line),
    ...options,
  });
  const all = async () => {
    for await (const _ of blocks);
  };
  const { message } = await assertRejects(all, errorClass);
  return { message, notices };
}

Deno.test("a result that is too large for the channel is an error of its block, and no worker dies of it", async () => {
  assertEquals(await failure({ blocks: [3, LONG] }), {
    message: `Cannot compute block 1 on worker 0: Its result can't be sent: ${TOO_LONG}`,
    notices: [],
  });
});

Deno.test("so is a block whose input is too large, and other args that are fail the run by name", async () => {
  assertEquals(await failure({ blocks: ["a", "x".repeat(LONG)] }), {
    message: `Cannot compute block 1 on worker 0: Its input can't be sent: ${TOO_LONG}`,
    notices: [],
  });
  assertEquals(await failure({ otherArgs: "x".repeat(LONG) }, ConfigError), {
    message: `The job with its other args can't be sent to workers: ${TOO_LONG}`,
    notices: [],
  });
});

Deno.test("what the other side would not take is known before it leaves", () => {
  const part = new Uint8Array(2 ** 30 + 1);
  assertThrows(
    () => requireSendable({ header: new Uint8Array(1), parts: [part] }),
    MessageSizeError,
    "1024 MiB of a typed",
  );
  const half = part.subarray(1);
  assertThrows(
    () => requireSendable({ header: new Uint8Array(1), parts: [half, half, half] }),
    MessageSizeError,
    "3072 MiB",
  );
  requireSendable({ header: new Uint8Array(1), parts: [half, half] });
  const objects = encodeHeader(Array.from({ length: 9_000_000 }, () => []));
  assertThrows(() => requireSendable(objects), MessageSizeError, "millions of lists");
});
