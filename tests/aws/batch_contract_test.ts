import type { Driver } from "../../core/driver.ts";
import { awsBatchDriver } from "../../drivers/aws_batch.ts";
import { driverContract } from "../driver_contract.ts";
import { AccountProcess } from "./account_process.ts";
import { STACK } from "./batch_stack.ts";
import { motoMissing } from "./moto_server.ts";
import { QUICK_BATCH } from "./quick_timing.ts";

const missing = await motoMissing();
let account: AccountProcess | undefined;

Deno.test.beforeAll(async () => {
  if (missing === undefined) account = await AccountProcess.start();
});

Deno.test.afterAll(async () => {
  await account?.[Symbol.asyncDispose]();
});

const quick: Driver = {
  ...awsBatchDriver({ timing: QUICK_BATCH }),
  kind: "CW_AWSBATCH_QUICK",
  // The account's credentials are in the environment only while its tests run.
  available: () => Promise.resolve({ available: true }),
};

await driverContract(quick, {
  extraParams: { stack: STACK },
  ...{
    // On a machine with much else to do.
    startSeconds: 10,
    ...missing === undefined ? {} : { ignore: missing },
  },
});
