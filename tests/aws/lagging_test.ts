import { assertEquals } from "@std/assert";
import { TestAccount } from "./account.ts";
import { makeBatchStack, STACK } from "./batch_stack.ts";
import { ecsEssentials } from "./ecs_network.ts";
import { complaint, runCell } from "./faults/fault_matrix.ts";
import { lagging } from "./faults/lagging.ts";
import { SUM } from "./faults/main_program.ts";
import { motoMissing } from "./moto_server.ts";
import { workerImages } from "./worker_image.ts";

const missing = await motoMissing();
const LAG_MS = 5000;

Deno.test({
  name:
    `what is new is not shown for 5 s, what is gone is shown for 5 s: runs on both kinds are done and leave nothing${
      missing === undefined ? "" : ` (skipped: ${missing})`
    }`,
  ignore: missing !== undefined,
  async fn() {
    await using account = await TestAccount.open({ images: workerImages() });
    await makeBatchStack(account);
    const { fargate, instances } = await ecsEssentials(account.moto);
    const extraParams = [
      { helper: "fargate", ...fargate },
      { helper: "private-cluster", ...fargate, ...instances, numInstances: 1, memoryReservation: 512 },
      { stack: STACK },
    ];
    const cells = await Promise.all(extraParams.map((params) => {
      const kind = "stack" in params ? "batch" : "ecs";
      const config = { name: kind, kind, extraParams: params, ending: "finish", patient: true } as const;
      return runCell(account, config, { action: "", kind: "none", before: lagging(LAG_MS) });
    }));
    assertEquals(cells.flatMap((cell) => complaint(cell) ?? []), []);
    assertEquals(
      cells.map(({ answer }) => answer?.sum),
      [SUM, SUM, SUM],
      JSON.stringify(cells.map(({ answer }) => answer)),
    );
  },
});
