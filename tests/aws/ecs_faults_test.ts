import { assertEquals, assertStringIncludes } from "@std/assert";
import { TestAccount } from "./account.ts";
import { ecsEssentials } from "./ecs_network.ts";
import { OtherRun } from "./faults/other_run.ts";
import { complaint, type MatrixConfig, runMatrix, table } from "./faults/fault_matrix.ts";
import { SUM } from "./faults/main_program.ts";
import { motoMissing } from "./moto_server.ts";
import { BROKEN_IMAGE, DEAF_IMAGE, WORKER_IMAGE, workerImages } from "./worker_image.ts";

const missing = await motoMissing();

interface EcsMatrix extends Pick<MatrixConfig, "name" | "ending" | "at"> {
  readonly helper: "fargate" | "private-cluster";
  readonly image?: string;
  /** Of the helper, beside those that the account gives. */
  readonly more?: Record<string, unknown>;
  /** What the error of a run without other faults has in it; absent, it is done. */
  readonly error?: string;
  /** The calls of a run without faults, each once. */
  readonly calls: readonly string[];
}

const LOG_GROUP = "logs";
const MAKING = ["DescribeClusters", "CreateCluster", "RegisterTaskDefinition"];
const LISTING = ["ListTasks", "ListTaskDefinitions"];
const WORKING = ["RunTask", "DescribeTasks", ...LISTING];
const REMOVING = ["DeregisterTaskDefinition", "DeleteTaskDefinitions", "DeleteCluster"];

const CONFIGS: readonly EcsMatrix[] = [
  { name: "Fargate", helper: "fargate", ending: "finish", calls: [...MAKING, ...WORKING, ...REMOVING] },
  {
    ...{
      name: "Fargate, a run that is aborted before its workers connect",
      helper: "fargate",
      ending: "abort",
    },
    at: ["StopTask"],
    calls: [...MAKING, "RunTask", "DescribeTasks", "StopTask", ...LISTING, ...REMOVING],
    image: DEAF_IMAGE,
  },
  {
    ...{ name: "Fargate, a run whose workers fail at once", helper: "fargate", ending: "finish" },
    at: ["GetLogEvents"],
    calls: [...MAKING, "RunTask", "DescribeTasks", "GetLogEvents", ...LISTING, ...REMOVING],
    image: BROKEN_IMAGE,
    more: { cloudwatchLogGroup: LOG_GROUP },
    error: "which ends with: exec format error",
  },
  {
    ...{ name: "a private cluster", helper: "private-cluster", ending: "finish" },
    calls: [
      ...[
        ...MAKING,
        "RunInstances",
        "ListContainerInstances",
        "DescribeInstances",
        "DescribeContainerInstances",
      ],
      ...[...WORKING, "DeregisterContainerInstance", "TerminateInstances", ...REMOVING],
    ],
  },
];

for (const { helper, image = WORKER_IMAGE, calls, more, error, ...config } of CONFIGS) {
  Deno.test({
    name: `CW_ECS, ${config.name}: whatever goes wrong at any call of AWS, nothing is left${
      missing === undefined ? "" : ` (skipped: ${missing})`
    }`,
    ignore: missing !== undefined,
    async fn() {
      await using account = await TestAccount.open({ images: workerImages(), timeScale: 60 });
      const { fargate, instances } = await ecsEssentials(account.moto);
      await account.moto.logs("CreateLogGroup", { logGroupName: LOG_GROUP });
      const other = await OtherRun.start(account, fargate);
      const extraParams = {
        ...{ helper, requestTimeout: 5, ...fargate, containerImage: image, ...more },
        ...helper === "fargate"
          ? {}
          : { ...instances, numInstances: 1, memoryReservation: 512, waitClusterInstanceCountTimeout: 25 },
      };
      const cells = await runMatrix(account, { ...config, kind: "ecs", extraParams }, { atOnce: 6 });
      console.log(table(cells));
      // Looks at tasks come when they come.
      assertEquals(cells[0]!.actions.toSorted(), calls.toSorted());
      if (error !== undefined) assertStringIncludes(cells[0]!.answer?.error ?? "", error);
      else if (config.ending === "finish") assertEquals(cells[0]!.answer?.sum, SUM);
      assertEquals(cells.flatMap((cell) => complaint(cell) ?? []), []);
      assertEquals(await other.missing(), [], "what belongs to another run was not touched");
    },
  });
}
