import { assertRejects } from "@std/assert";
import { WorkerError } from "../../core/errors.ts";
import { CW_NONE, CW_SUBPROC, CW_THREADS } from "../../core/kinds.ts";
import { collectBlocks } from "../contract/collect_blocks.ts";

for (
  const [computeWorkerKind, numComputeWorkers] of [[CW_NONE, 0], [CW_THREADS, 2], [CW_SUBPROC, 1]] as const
) {
  Deno.test(`${computeWorkerKind}: other args that can't be sent back at the end are an error that says so`, async () => {
    await assertRejects(
      () =>
        collectBlocks({
          userFunction: (n: number, args: { found: unknown }) => {
            args.found = () => n;
            return n;
          },
          blocks: [1, 2],
          otherArgs: { found: null },
          concurrency: { computeWorkerKind, numComputeWorkers },
        }),
      WorkerError,
      "could not finish: ",
    );
  });
}
