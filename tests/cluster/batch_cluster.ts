/**
 * What the scenarios need of a batch system, whichever it is.
 *
 * @module
 */

/** A job (of an array: an element) that the queue shows. */
export interface ShownJob {
  /** As the user sees it, and as the commands take it. */
  readonly id: string;
  readonly state: "queued" | "running" | "ending";
  /** Where it runs. */
  readonly node: string | undefined;
}

/** A batch system. Whatever a site's PBS does not let an ordinary user do is optional. */
export interface BatchCluster extends AsyncDisposable {
  /** The kind of worker. */
  readonly kind: string;
  /** What a process needs to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether jobs have the home folder of who submits them, so that each scenario can have its own. */
  readonly hasOwnHomes: boolean;
  /** Lines for the `~/.profile` of such homes. */
  readonly profile?: string;
  /** Whether a job that is cancelled or out of time has some seconds to finish what it has begun. */
  readonly drainsOnCancel: boolean;
  /** Nodes that it spreads jobs over; 1 if that is not known. */
  readonly nodeCount: number;
  /** Parameters of every run. */
  readonly params: readonly string[];
  /** Parameters of a run with a walltime so short that {@linkcode endSoon}, or just time, ends its jobs. */
  readonly shortWalltime: readonly string[];
  /** Parameters that no queue takes, and what it says. */
  readonly refused: { readonly params: readonly string[]; readonly says: RegExp };
  /** Parameters that are taken and can never run, and the reason that it gives. */
  readonly impossible: { readonly params: readonly string[]; readonly says: RegExp };
  /** Jobs whose name holds this, but those that have ended. */
  jobs(name: string): Promise<ShownJob[]>;
  /** All that the queue tells anybody of a job. */
  show(id: string): Promise<string>;
  /** Cancels a job. */
  cancel(id: string): Promise<void>;
  /** Lets a running job's time limit come soon; absent where a short one can be asked for. */
  endSoon?(id: string): Promise<void>;
  /** Puts a running job back into the queue, and lets it start again at once. */
  requeue?(id: string): Promise<void>;
  /** Lets a job be stopped until further notice, of which it is told before. */
  suspend?(id: string): Promise<void>;
  /** Parameters of jobs that are submitted on hold, what is then told of them, and how the hold of an array is ended. */
  readonly held?: {
    readonly params: readonly string[];
    readonly says: RegExp;
    release(id: string): Promise<void>;
  };
  /** Parameters of workers that may not have the memory that the scenario's function takes, and what is told of their end. */
  readonly memoryLimit?: { readonly params: readonly string[]; readonly says: RegExp };
  /** Ends a job's script with SIGKILL, and nothing else of the job; and what is then told of the job. */
  readonly killScript?: { do(id: string): Promise<void>; readonly says: RegExp };
  /** Takes down a node, with its jobs. */
  nodeDown?(node: string): Promise<void>;
  /** Ends {@linkcode nodeDown}. */
  nodeUp?(node: string): Promise<void>;
  /** Ends what answers the commands; jobs run on. */
  stopController?(): Promise<void>;
  /** Starts it again. */
  startController?(): Promise<void>;
}
