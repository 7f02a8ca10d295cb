import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const ROOT = new URL("../../../", import.meta.url);

/** Runs a script with this tree's import map, in which the AWS SDK is a module that says that it was loaded. */
async function withoutSdk(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const folder = await Deno.makeTempDir({ prefix: "blockfleet_sdk_" });
  try {
    const { imports, compilerOptions, unstable } = JSON.parse(
      await Deno.readTextFile(new URL("deno.json", ROOT)),
    );
    const trap = join(folder, "trap.ts");
    await Deno.writeTextFile(trap, `throw new Error("the AWS SDK was loaded");`);
    for (const name of Object.keys(imports)) {
      if (name.startsWith("@aws-sdk/")) imports[name] = `file://${trap}`;
    }
    const config = join(folder, "deno.json");
    await Deno.writeTextFile(config, JSON.stringify({ imports, compilerOptions, unstable }));
    const main = join(folder, "main.ts");
    await Deno.writeTextFile(main, script.replaceAll("ROOT/", ROOT.href));
    const decoder = new TextDecoder();
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-check",
        "--no-lock",
        "--cached-only",
        "-A",
        "--config",
        config,
        main,
      ],
      env: { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x", NO_COLOR: "1" },
      cwd: fromFileUrl(ROOT),
      stdin: "null",
    }).output();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a run without AWS, the list of kinds and a preview load no AWS SDK", async () => {
  const { code, stdout, stderr } = await withoutSdk(`
    import { mapBlocks } from "ROOT/mod.ts";
    import { findDriver, listKinds } from "ROOT/core/registry.ts";
    const concurrency = { computeWorkerKind: "CW_THREADS", numComputeWorkers: 2 };
    let sum = 0;
    for await (const { result } of mapBlocks({ userFunction: (n) => 2 * n, blocks: [1, 2, 3], concurrency })) sum += result;
    const kinds = (await listKinds()).filter(({ kind, available }) => /ECS|BATCH/.test(kind) && available);
    const { steps } = await (await findDriver("CW_AWSBATCH")).preview({ workers: 2, extraParams: {}, threadsPerWorker: 1 });
    console.log(sum, kinds.map(({ kind }) => kind).join(), steps.length > 0);
  `);
  assertEquals([code, stdout.trim()], [0, "12 CW_ECS,CW_AWSBATCH true"], stderr);
});

Deno.test("starting a run on AWS does load it, so that the test above can fail", async () => {
  const { code, stderr } = await withoutSdk(`
    import { mapBlocks } from "ROOT/mod.ts";
    const concurrency = { computeWorkerKind: "CW_AWSBATCH", numComputeWorkers: 2 };
    for await (const _ of mapBlocks({ userFunction: (n) => n, blocks: [1], concurrency }));
  `);
  assert(code !== 0);
  assertStringIncludes(stderr, "the AWS SDK was loaded");
});
