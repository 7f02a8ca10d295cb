/**
 * The fake PBS itself: takes jobs, places them on nodes, and answers `qsub`, `qstat`, `qdel`,
 * `qrerun` and `qrls`.
 *
 * @module
 */
import type { FakePbsConfig } from "./fake_config.ts";
import { resourcesUsed } from "./format_jobs.ts";
import { runJob, type RunningJob } from "./mom.ts";
import { jobId, newJob, type PbsJob } from "./pbs_job.ts";
import type { CommandCall, CommandReply } from "./protocol.ts";
import { qdel, qrerun, qrls } from "./qdel.ts";
import { qstat } from "./qstat.ts";
import { jobSpec } from "./qsub.ts";
import { Refusal } from "./qsub_options.ts";

/** See the module. */
export class PbsServer {
  readonly config: FakePbsConfig;
  readonly #folder: string;
  readonly #run: typeof runJob;
  readonly #jobs = new Map<number, PbsJob>();
  readonly #running = new Map<PbsJob, RunningJob>();
  readonly #free: Map<string, number>;
  #lastSequence = 0;
  #cycle: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  /** With `run` in the place of what runs a job's script. */
  constructor(folder: string, config: FakePbsConfig, run: typeof runJob = runJob) {
    this.config = config;
    this.#run = run;
    this.#folder = folder;
    this.#free = new Map(Object.entries(config.nodes));
    Deno.mkdirSync(`${folder}/spool`, { recursive: true });
  }

  /** Answers one call of a command. */
  answer(call: CommandCall): CommandReply {
    try {
      if (call.command === "qsub") return said(this.#submit(call));
      if (call.command === "qstat") return qstat(call, this);
      if (call.command === "qdel") return qdel(call, this);
      if (call.command === "qrerun") return qrerun(call, this);
      if (call.command === "qrls") return qrls(call, this);
      throw new Refusal(`${call.command}: not a command of PBS\n`, 1);
    } catch (error) {
      if (error instanceof Refusal) return { stdout: "", stderr: error.message, code: error.code };
      throw error;
    }
  }

  /** Jobs and arrays, by their number; what has run out of memory with history off is not among them. */
  get jobs(): readonly PbsJob[] {
    return [...this.#jobs.values()];
  }

  /** The number of the last job. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The job, array or element of that id, with or without the server's name. */
  find(id: string): PbsJob | undefined {
    const match = /^(\d+)(?:\[(\d*)\])?(?:\..*)?$/.exec(id);
    const job = match ? this.#jobs.get(Number(match[1])) : undefined;
    const index = match?.[2];
    if (index === undefined || index === "") return job?.elements && index === undefined ? undefined : job;
    return job?.elements?.find((element) => element.index === Number(index));
  }

  /** Brings what a job has used up to date. */
  refresh(job: PbsJob): PbsJob {
    for (const part of job.elements ?? [job]) {
      if (part.state !== "R" || part.stime === undefined) continue;
      part.used = resourcesUsed(part.spec.ncpus, Date.now() / 1000 - part.stime);
    }
    return job;
  }

  /** Deletes a job, or what of an array has not ended. */
  delete(job: PbsJob, by: string): void {
    for (const part of job.elements ?? [job]) {
      if (part.state === "X" && job.elements) part.rewrittenFrom = job;
      if (part.state === "X" || part.state === "F" || part.state === "E") continue;
      part.isHeld = false;
      part.deletedBy = by;
      const running = this.#running.get(part);
      if (running) running.terminate();
      else this.#end(part, 91, " and terminated by " + by);
    }
    this.#schedule();
  }

  /** Puts a running job back into the queue. */
  rerun(job: PbsJob): void {
    job.comment = undefined;
    const running = this.#running.get(job)!;
    this.#running.delete(job);
    running.kill();
    void running.done.then(() => {
      this.#release(job);
      Object.assign(job, {
        state: "Q",
        substate: 10,
        execHost: undefined,
        execVnode: undefined,
        sessionId: undefined,
      });
      this.#schedule();
    });
  }

  /** Ends the hold of a job or array. */
  release(job: PbsJob): void {
    for (const part of [job, ...job.elements ?? []]) part.isHeld = false;
    if (job.state === "H") Object.assign(job, { state: "Q", substate: 10 });
    this.#schedule();
  }

  /** Kills every job and waits for their ends. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#cycle);
    for (const running of this.#running.values()) running.kill();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #submit(call: CommandCall): string {
    const spec = jobSpec(call, this.config);
    const sequence = ++this.#lastSequence;
    const job = newJob(spec, { sequence });
    this.#jobs.set(sequence, job);
    this.#schedule();
    return `${jobId(job, this.config.server)}\n`;
  }

  /** A scheduling cycle, soon. */
  #schedule(): void {
    if (this.#isStopped) return;
    this.#cycle ??= setTimeout(() => {
      this.#cycle = undefined;
      for (const job of this.#jobs.values()) {
        if (job.state === "Q" || job.state === "B") {
          for (const part of job.elements ?? [job]) this.#place(part, job);
        }
      }
    }, 50);
  }

  #place(job: PbsJob, parent: PbsJob): void {
    if (job.state !== "Q") return;
    const wanted = job.spec.ncpus;
    const most = Math.max(...Object.values(this.config.nodes));
    if (wanted > most) {
      parent.comment =
        `Can Never Run: Insufficient amount of resource: ncpus (R: ${wanted} A: ${most} T: ${most})`;
      return;
    }
    const [node, free] = [...this.#free].reduce((most, next) => next[1] > most[1] ? next : most);
    if (free < wanted) {
      job.comment = "Not Running: Insufficient amount of resource: ncpus";
      return;
    }
    if (parent !== job && parent.state === "Q") {
      Object.assign(parent, {
        state: "B",
        substate: 70,
        stime: nowSeconds(),
        comment: `Job Array Began at ${at()}`,
      });
    }
    this.#start(job, node);
  }

  #start(job: PbsJob, node: string): void {
    const { ncpus, resources, home } = job.spec;
    const slot = this.config.nodes[node]! - this.#free.get(node)!;
    this.#free.set(node, this.#free.get(node)! - ncpus);
    const memory = /^\d+mb$/.test(resources.mem ?? "") ? `:mem=${parseInt(resources.mem!) * 1024}kb` : "";
    Object.assign(job, {
      ...{ state: "R", substate: 42, stime: nowSeconds(), mtime: nowSeconds(), jobdir: home },
      execHost: `${node}/${slot}${ncpus > 1 ? `*${ncpus}` : ""}`,
      execVnode: `(${node}:ncpus=${ncpus}${memory})`,
      runCount: job.runCount + 1,
    });
    job.comment = `Job run at ${at()} on ${job.execVnode}`;
    job.used = resourcesUsed(ncpus, 0);
    const running = this.#run(job, {
      folder: this.#folder,
      config: this.config,
      onExiting: () => Object.assign(job, { state: "E", substate: 51 }),
    });
    this.#running.set(job, running);
    void running.done.then(({ exitStatus, stageout }) => {
      // It has been put back into the queue.
      if (this.#running.get(job) !== running) return;
      this.#running.delete(job);
      this.#release(job);
      Object.assign(job, { exitStatus, stageoutStatus: stageout });
      const how = job.deletedBy === undefined
        ? exitStatus === 0 ? " and finished" : " and failed"
        : ` and terminated by ${job.deletedBy}`;
      this.#end(job, job.deletedBy !== undefined ? 91 : exitStatus === 0 ? 92 : 93, how);
      this.#schedule();
    });
  }

  #release(job: PbsJob): void {
    const node = job.execHost!.split("/")[0]!;
    this.#free.set(node, this.#free.get(node)! + job.spec.ncpus);
  }

  #end(job: PbsJob, substate: number, how: string): void {
    const now = nowSeconds();
    const parent = this.#jobs.get(job.sequence)!;
    if (job.stime !== undefined) Object.assign(job, { obittime: now, sessionId: undefined });
    job.comment = (job.comment ?? "Job") + how;
    Object.assign(job, { state: parent === job ? "F" : "X", substate, mtime: now, historyTimestamp: now });
    if (parent !== job && parent.elements!.every(({ state }) => state === "X")) {
      for (const element of parent.elements!) element.state = "F";
      const status = parent.elements!.some(({ exitStatus }) => exitStatus !== 0) ? 1 : 0;
      Object.assign(parent, { state: "F", substate: job.deletedBy ? 91 : 92, obittime: now, mtime: now });
      Object.assign(parent, { historyTimestamp: now, exitStatus: status, stageoutStatus: 1 });
      parent.comment = (parent.comment ?? "Job Array") +
        (job.deletedBy ? " and terminated" : " and finished");
    }
    if (parent.state === "F" && !this.config.history) this.#jobs.delete(parent.sequence);
  }
}

function said(stdout: string): CommandReply {
  return { stdout, stderr: "", code: 0 };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** `Sun Nov 22 at 10:15`. */
function at(): string {
  const parts = new Date().toString().split(" ");
  return `${parts[0]} ${parts[1]} ${parts[2]} at ${parts[4]!.slice(0, 5)}`;
}
