/**
 * A stranger's driver of jobs that are files in a folder: shown, submitted, lost and cleaned up through the command line.
 * Its only job never starts, so that its run waits until it is ended.
 */
import type {
  CleanupReport,
  Driver,
  DriverContext,
  Fleet,
  FleetEvent,
  FleetSpec,
  ManagerJob,
  Preview,
  RunSelector,
  SubmittedManager,
} from "../../core/driver.ts";
import { MessageQueue } from "../../core/message_queue.ts";

/** The driver. */
export const driver: Driver = {
  kind: "CW_FILES",
  computeWorkersReadDefault: true,
  inProcess: false,
  supportsSingleBlock: true,
  canInterrupt: true,
  canGrow: true,
  available: () => Promise.resolve({ available: true }),
  start,
  preview: (spec) => Promise.resolve(preview(spec)),
  probe: () => Promise.resolve({ steps: [{ title: "The probe", text: "#!/bin/sh\ntrue\n" }] }),
  submitManager: (job) => Promise.resolve(submitManager(job)),
  cleanup,
};

function preview(spec: FleetSpec): Preview {
  const { workers, maxWorkers, jobName, extraParams, singleBlockComputeWorkers, haveSharedTemp } = spec;
  const asked = { workers, maxWorkers, jobName, extraParams, singleBlockComputeWorkers, haveSharedTemp };
  const text = JSON.stringify({ ...asked, read: spec.access.read });
  return {
    steps: [
      { title: "The job script", text: "#!/bin/sh\nexec worker RUN ADDRESS KEY\n" },
      { title: "Submitted with", text: `touch ${text}` },
    ],
  };
}

async function start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
  const folder = String(spec.extraParams.folder);
  const register = await context.register();
  const job = `${folder}/${context.runId}.job`;
  const entry = await register.intend({ type: "job", key: job });
  await Deno.writeTextFile(job, "queued");
  await entry.made({});
  const events = new MessageQueue<FleetEvent>();
  const stop = async () => {
    events.close();
    await Deno.remove(job).catch(() => {});
    await entry.gone();
    return [];
  };
  return {
    workers: () => [{ worker: 0, state: "queued" }],
    events,
    replace: () => Promise.resolve({ replaced: false, reason: "it has never begun" }),
    grow: () => Promise.resolve({ added: 0, reason: "the folder is full" }),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

function submitManager({ command, folder, jobName }: ManagerJob): SubmittedManager {
  return {
    nativeId: "17",
    logFile: `${folder}/manager.log`,
    follow: [{ title: "What it was", command: JSON.stringify({ command, jobName }) }],
  };
}

async function cleanup({ runs, unregistered, dryRun, confirm }: RunSelector): Promise<CleanupReport> {
  const removed: string[] = [];
  for (const run of runs) {
    for (const thing of run.things) {
      removed.push(`${thing.type} ${thing.key}`);
      if (dryRun) continue;
      await Deno.remove(thing.key);
      await run.gone(thing);
    }
  }
  if (unregistered?.runId === "tagged" && await confirm("Remove job 9, whose tag says so?")) {
    removed.push("job 9");
  }
  return { removed, failed: [] };
}
