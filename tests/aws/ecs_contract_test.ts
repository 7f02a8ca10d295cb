import type { Driver, FleetSpec } from "../../core/driver.ts";
import { ecsDriver } from "../../drivers/ecs.ts";
import { driverContract } from "../driver_contract.ts";
import { AccountProcess } from "./account_process.ts";
import { motoMissing } from "./moto_server.ts";
import { QUICK_ECS } from "./quick_timing.ts";

const missing = await motoMissing();
let account: AccountProcess | undefined;

Deno.test.beforeAll(async () => {
  if (missing === undefined) account = await AccountProcess.start();
});

Deno.test.afterAll(async () => {
  await account?.[Symbol.asyncDispose]();
});

const driver = ecsDriver({ times: QUICK_ECS });
/** What the account has is known once it is there. */
const onFargate = (spec: FleetSpec): FleetSpec => ({
  ...spec,
  extraParams: { helper: "fargate", ...account!.essentials.fargate },
});
const quick: Driver = {
  ...driver,
  kind: "CW_ECS_QUICK",
  // The account's credentials are in the environment only while its tests run.
  available: () => Promise.resolve({ available: true }),
  start: (spec, context) => driver.start(onFargate(spec), context),
  preview: (spec) => driver.preview!(onFargate(spec)),
};

await driverContract(quick, {
  // On a machine with much else to do.
  startSeconds: 10,
  ...missing === undefined ? {} : { ignore: missing },
});
