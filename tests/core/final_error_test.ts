import { assertEquals, assertStringIncludes } from "@std/assert";
import { CW_NONE, CW_SUBPROC, CW_THREADS } from "../../core/kinds.ts";
import { collectBlocks } from "../contract/collect_blocks.ts";

for (
  const [computeWorkerKind, numComputeWorkers] of [[CW_NONE, 0], [CW_THREADS, 1], [CW_SUBPROC, 1]] as const
) {
  Deno.test(`${computeWorkerKind}: other args that can't be sent back at the end cost no block, and are told of`, async () => {
    const notices: string[] = [];
    const { results, summary } = await collectBlocks({
      userFunction: (n: number, args: { found: unknown }) => {
        args.found = () => n;
        return n;
      },
      blocks: [1, 2],
      otherArgs: { found: null },
      concurrency: { computeWorkerKind, numComputeWorkers },
      onNotice: (line) => notices.push(line),
    });
    assertEquals([[...results.values()], summary.otherArgsList, notices.length], [[1, 2], [], 1]);
    assertStringIncludes(notices[0]!, "could not finish: otherArgs.found is a function");
    assertStringIncludes(notices[0]!, "Its copy of other args is missing");
  });
}
