import { assertEquals, assertStringIncludes } from "@std/assert";
import { TestAccount } from "./account.ts";
import { makeBatchStack, STACK } from "./batch_stack.ts";
import { complaint, type MatrixConfig, runMatrix, table } from "./faults/fault_matrix.ts";
import { SUM } from "./faults/main_program.ts";
import { motoMissing } from "./moto_server.ts";
import { BROKEN_IMAGE, DEAF_IMAGE, workerImages } from "./worker_image.ts";

const missing = await motoMissing();
const extraParams = { stack: STACK, requestTimeout: 5 };

interface BatchMatrix extends MatrixConfig {
  /** The calls of a run without faults, each once. */
  readonly calls: readonly string[];
  /** What the error of a run without other faults has in it; absent, it is done. */
  readonly error?: string;
}

const CONFIGS: readonly BatchMatrix[] = [
  {
    ...{ name: "a run that is done", kind: "batch", extraParams, ending: "finish" },
    calls: ["DescribeStacks", "SubmitJob", "DescribeJobs"],
  },
  {
    ...{ name: "a run that is aborted before its workers connect", kind: "batch", ending: "abort" },
    extraParams: { ...extraParams, stack: "deaf" },
    at: ["DescribeJobs", "TerminateJob"],
    calls: ["DescribeStacks", "SubmitJob", "DescribeJobs", "TerminateJob"],
  },
  {
    ...{ name: "a run whose workers fail at once", kind: "batch", ending: "finish" },
    extraParams: { ...extraParams, stack: "broken" },
    at: ["GetLogEvents"],
    calls: ["DescribeStacks", "SubmitJob", "DescribeJobs", "GetLogEvents"],
    error: "which ends with: exec format error",
  },
  {
    ...{
      name: "a run whose SubmitJob was not answered",
      kind: "batch",
      extraParams,
      ending: "finish",
      lost: "SubmitJob",
    },
    at: ["ListJobs"],
    calls: ["DescribeStacks", "SubmitJob", "ListJobs", "DescribeJobs"],
  },
];

for (const config of CONFIGS) {
  Deno.test({
    name: `CW_AWSBATCH, ${config.name}: whatever goes wrong at any call of AWS, nothing is left${
      missing === undefined ? "" : ` (skipped: ${missing})`
    }`,
    ignore: missing !== undefined,
    async fn() {
      await using account = await TestAccount.open({ images: workerImages() });
      const outputs = await makeBatchStack(account);
      await makeBatchStack(account, { stack: "deaf", image: DEAF_IMAGE });
      await makeBatchStack(account, { stack: "broken", image: BROKEN_IMAGE });
      const beside = await account.moto.batch("SubmitJob", {
        jobName: "blockfleet_beside_0",
        jobQueue: outputs.BatchProcessingJobQueueName,
        jobDefinition: outputs.BatchProcessingJobDefinitionName,
        containerOverrides: { command: ["worker", "--channel-file", "/nowhere", "-i", "0"] },
        tags: { "blockfleet:run": "another" },
      });
      const cells = await runMatrix(account, config, { atOnce: 6 });
      console.log(table(cells));
      const [clean] = cells;
      assertEquals(clean!.actions.toSorted(), config.calls.toSorted());
      if (config.error !== undefined) assertStringIncludes(clean!.answer?.error ?? "", config.error);
      else if (config.ending === "finish") assertEquals(clean!.answer?.sum, SUM);
      assertEquals(cells.flatMap((cell) => complaint(cell) ?? []), []);
      const { jobs: [job] } = await account.moto.batch("DescribeJobs", { jobs: [beside.jobId] });
      assertEquals(job.statusReason, undefined, "the job of another run was not touched");
    },
  });
}
