/**
 * A fake PBS whose jobs are no processes: each is a session of its own over the data channel, as its script asks for, whose
 * blocks are answered at once. For `batch_queue.ts`: `batch_queue_server.ts FOLDER`.
 *
 * @module
 */
import { readAddressFile } from "../core/channel/address_file.ts";
import { ManagerChannel } from "../core/channel/manager_channel.ts";
import { packValue } from "../core/pack_value.ts";
import { headerOnly } from "../core/payload.ts";
import { runComputeLoop } from "../core/worker/compute_loop.ts";
import { MAP_PROCESSOR } from "../core/worker/map_processor.ts";
import type { BlockProcessor, Processors } from "../core/worker/processor.ts";
import type { RunningJob } from "../tests/fakes/pbs/mom.ts";
import { jobId, type PbsJob } from "../tests/fakes/pbs/pbs_job.ts";
import { PbsServer } from "../tests/fakes/pbs/pbs_server.ts";
import { servePbs } from "../tests/fakes/pbs/serve_pbs.ts";

/** PBS's exit status of a job that SIGTERM has ended. */
const ENDED_BY_TERM = 271;

const PROCESSOR: BlockProcessor = {
  readAhead: 0,
  read: () => undefined,
  compute: () => packValue(null, "nothing"),
  finish: () => headerOnly(undefined),
  close: () => Promise.resolve(),
};
const PROCESSORS: Processors = { [MAP_PROCESSOR]: () => Promise.resolve(() => Promise.resolve(PROCESSOR)) };

/** What a script's worker command says. */
function option(script: string, name: string): string | undefined {
  return new RegExp(`--${name} '?([^\\s']+)`).exec(script)?.[1];
}

function simulateJob(job: PbsJob, { config }: { config: { server: string } }): RunningJob {
  const ended = new AbortController();
  const { script } = job.spec;
  const index = (job.index ?? 0) + Number(option(script, "index-offset") ?? option(script, "i") ?? "0");
  async function work(): Promise<{ exitStatus: number; stageout: number }> {
    try {
      const channel = await ManagerChannel.connect({
        ...await readAddressFile(option(script, "channel-file")!),
        signal: ended.signal,
        worker: index,
        hello: { nativeId: jobId(job, config.server), host: "bench", pid: Deno.pid, threads: 1 },
        deadlineMs: 60_000,
      });
      const deleted = new Promise<void>((resolve) => ended.signal.addEventListener("abort", () => resolve()));
      await Promise.race([runComputeLoop(channel, PROCESSORS), deleted]);
      await channel.leave("the job ends");
    } catch (error) {
      if (!ended.signal.aborted) console.error(`job ${jobId(job, config.server)}: ${error}`);
    }
    return { exitStatus: ended.signal.aborted ? ENDED_BY_TERM : 0, stageout: 1 };
  }
  const end = () => ended.abort();
  return { terminate: end, kill: end, done: work() };
}

const folder = Deno.args[0]!;
const config = JSON.parse(Deno.readTextFileSync(`${folder}/config.json`));
await servePbs(folder, new PbsServer(folder, config, simulateJob));
