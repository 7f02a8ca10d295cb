import { assert, assertEquals, assertRejects } from "@std/assert";
import { AbortedError } from "../../core/errors.ts";
import { CW_SUBPROC } from "../../core/kinds.ts";
import { mapBlocks } from "../../core/map_blocks.ts";
import { tempFolder } from "../gdal.ts";
import { ScriptedRun } from "./scripted_run.ts";

Deno.test("the copy of other args of a worker that is lost is said to be missing, if blocks had changed it", async () => {
  const script = new ScriptedRun();
  const run = script.run(6, { job: { argsChanged: true } });
  const [lost, idle] = [await script.connect(0), await script.connect(1, { ready: false })];
  await lost.answer(await lost.hasBlock());
  await lost.die();
  await idle.die();
  const serving = [(await script.connect(0)).serve(), (await script.connect(1)).serve()];
  await run;
  await Promise.all(serving);
  const missing = script.notices.filter((line) => line.includes("missing"));
  assertEquals(missing.length, 1, script.notices.join("; "));
  assert(missing[0]!.startsWith("The copy of other args of worker 0 is missing"), missing[0]);
  assert(missing[0]!.includes("what 1 block(s) left in it"), missing[0]);
});

Deno.test("without changes of such copies, or when all of them came back, nothing is said to be missing", async () => {
  for (const argsChanged of [true, false]) {
    const script = new ScriptedRun();
    const run = script.run(3, { job: { argsChanged } });
    const worker = await script.connect(0);
    await worker.answer(await worker.hasBlock());
    if (!argsChanged) await worker.die();
    const serving = (argsChanged ? worker : await script.connect(0)).serve();
    await run;
    await serving;
    assertEquals(script.notices.filter((line) => line.includes("missing")), []);
  }
});

Deno.test("mapBlocks knows whether its function changed its other args, when a worker is lost", async () => {
  for (const changes of [true, false]) {
    using folder = tempFolder();
    const notices: string[] = [];
    const lost = new AbortController();
    const blocks = mapBlocks({
      userFunction: async (
        block: number,
        args: { seen: number; dies: number; changes: boolean; folder: string },
      ) => {
        if (args.changes) args.seen++;
        if (block === args.dies) {
          // Once the result of a block before it has come.
          while ([...Deno.readDirSync(args.folder)].length === 0) {
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          Deno.exit(1);
        }
        return block;
      },
      blocks: [0, 1, 2, 3],
      otherArgs: { seen: 0, dies: 3, changes, folder: folder.path },
      concurrency: {
        computeWorkerKind: CW_SUBPROC,
        numComputeWorkers: 1,
        workerPermissions: [`--allow-read=${folder.path}`],
      },
      signal: lost.signal,
      onNotice: (line) => {
        notices.push(line);
        if (line.includes("was lost")) queueMicrotask(() => lost.abort());
      },
    });
    const results: number[] = [];
    await assertRejects(async () => {
      for await (const { result } of blocks) {
        results.push(result);
        Deno.writeTextFileSync(folder.file("come"), "");
      }
    }, AbortedError);
    assert(results.length > 0, "nothing was done before the loss");
    assertEquals(notices.some((line) => line.includes("copy of other args")), changes, notices.join("; "));
  }
});
