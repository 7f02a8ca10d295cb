/** A script of one's own, begun and submitted by what the package exports, on a real SLURM. */
import { assertEquals, assertMatch } from "@std/assert";
import * as slurm from "../../drivers/slurm.ts";
import { tempFolder } from "../gdal.ts";
import { until } from "./run_command.ts";
import { slurmBatchCluster } from "./slurm_batch_cluster.ts";
import { slurmMissing } from "./slurm_cluster.ts";

const missing = await slurmMissing();

/** Submits a script that ends its log as docs/manager.md says; gives the job's id. */
async function submit(logFolder: string, command: string): Promise<string> {
  const script = [
    ...slurm.beginScript({ logFolder, jobName: "tiles", extraParams: { walltime: "5m" } }),
    `trap 'echo "blockfleet: job ends, exit status $?"' EXIT`,
    command,
  ].join("\n") + "\n";
  const [program, ...args] = slurm.getSubmitCmd();
  const child = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped" }).spawn();
  await new Response(script).body!.pipeTo(child.stdin);
  const { stdout } = await child.output();
  return slurm.getJobId(new TextDecoder().decode(stdout))!;
}

async function queue(ids: readonly string[]): Promise<string> {
  const [program, ...args] = slurm.getQueueCmd(ids);
  const { stdout } = await new Deno.Command(program!, { args, stdin: "null" }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: `a script that begins with beginScript() runs, is listed, and its failure is found in its log${
    missing === undefined ? "" : ` (skipped: ${missing})`
  }`,
  ignore: missing !== undefined,
  async fn() {
    await using cluster = await slurmBatchCluster();
    const before = new Map(Object.keys(cluster.env).map((name) => [name, Deno.env.get(name)]));
    for (const [name, value] of Object.entries(cluster.env)) Deno.env.set(name, value);
    using folder = tempFolder();
    try {
      await slurm.checkBatchSystemAvailable();
      const [well, failed] = [
        await submit(folder.path, "echo hello"),
        await submit(folder.path, "nosuchcommand"),
      ];
      assertMatch(`${well} ${failed}`, /^\d+ \d+$/);
      assertMatch(await queue([well]), new RegExp(`^${well}\\|[A-Z]+\\|`));
      const logs = [well, failed].map((id) => folder.file(`${id}.log`));
      const isDone = (log: string) =>
        Deno.readTextFile(log).then((text) => text.includes("job ends"), () => false);
      await until(
        "both jobs' ends",
        async () => (await Promise.all(logs.map(isDone))).every(Boolean) || undefined,
      );
      const errors = await slurm.findExtraErrors(logs);
      assertEquals(errors.map(({ logFile }) => logFile), [logs[1]!]);
      assertMatch(errors[0]!.text, /^exit status 127: .*nosuchcommand: command not found/);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    }
  },
});
