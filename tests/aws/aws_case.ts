/**
 * Tests with whole runs of the program on an account of their own, and what holds after such runs.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { assertSamePixels, readRaster } from "../raster/apply_support.ts";
import { TestAccount } from "./account.ts";
import { SceneFolder } from "./aws_runs.ts";
import { type EcsEssentials, ecsEssentials } from "./ecs_network.ts";
import { motoMissing } from "./moto_server.ts";
import { workerImages } from "./worker_image.ts";

const missing = await motoMissing();

/** What a test is given. */
export interface Given {
  /** An account of its own. */
  readonly account: TestAccount;
  /** A folder with a scene. */
  readonly folder: SceneFolder;
  /** What ECS needs of the account. */
  readonly essentials: EcsEssentials;
}

/** A test with whole runs of the program on an account of its own. */
export function awsTest(name: string, fn: (given: Given) => Promise<void>): void {
  Deno.test({
    name: missing === undefined ? name : `${name} (skipped: ${missing})`,
    ignore: missing !== undefined,
    async fn() {
      await using account = await TestAccount.open({ images: workerImages(), timeScale: 60 });
      await using folder = await SceneFolder.make(account);
      await fn({ account, folder, essentials: await ecsEssentials(account.moto) });
    },
  });
}

/** The output equals that of threads, three workers did it, and the register is empty. */
export async function assertDone(
  { folder }: Given,
  name: string,
  begun: ReturnType<SceneFolder["command"]>,
): Promise<void> {
  const { code, stdout, stderr } = await begun.outcome;
  assertEquals(code, 0, stderr);
  const { workers, blocks } = JSON.parse(stdout);
  assertEquals(blocks.done, blocks.total);
  assert(workers.started >= 3, stdout);
  const [actual, expected] = await Promise.all(
    [`${name}.tif`, "ndvi.tif"].map((file) => readRaster(join(folder.path, file))),
  );
  assertSamePixels(actual!.pixels, expected!.pixels, name);
  const registers = await Array.fromAsync(Deno.readDir(join(folder.path, "state", "blockfleet", "runs")));
  assertEquals(registers, [], "the register is gone with what it held");
}

/** Every run of this account has taken its things away. */
export async function assertNothingLeft({ account: { moto, ecs, batch } }: Given): Promise<void> {
  assertEquals(
    [...ecs.tasks.values()].filter(({ lastStatus }) => lastStatus !== "STOPPED"),
    [],
    "tasks",
  );
  assertEquals([...batch.jobs.values()].filter(({ status }) => status === "RUNNING"), [], "jobs");
  const { clusterArns } = await moto.ecs("ListClusters");
  const { clusters } = await moto.ecs("DescribeClusters", { clusters: clusterArns });
  // moto's compute environments have clusters, too.
  // deno-lint-ignore no-explicit-any -- a cluster as moto gives it
  const active = clusters.filter(({ status }: any) => status === "ACTIVE").map(({ clusterName }: any) =>
    clusterName
  );
  assertEquals(active.filter((name: string) => name.startsWith("blockfleet_")), [], "clusters");
  const { taskDefinitionArns } = await moto.ecs("ListTaskDefinitions", { status: "ACTIVE" });
  assertEquals(taskDefinitionArns, [], "task definitions");
  const instances = await moto.query("ec2", "DescribeInstances", {
    "Filter.1.Name": "instance-state-name",
    "Filter.1.Value.1": "running",
  });
  assertEquals(instances.includes("<instanceId>"), false, "instances");
}
