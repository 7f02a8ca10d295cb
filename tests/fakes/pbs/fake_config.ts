/**
 * How a fake PBS is set up.
 *
 * @module
 */

/** What sites set differently. */
export interface FakePbsConfig {
  /** The server's name, the last part of job ids. */
  readonly server: string;
  /** The host that jobs and paths name. */
  readonly host: string;
  /** Whether finished jobs are remembered (`job_history_enable`); OpenPBS's default is not. */
  readonly history: boolean;
  /** Whether root may submit; OpenPBS's default is not. */
  readonly aclRoots: boolean;
  readonly queues: readonly string[];
  /** Processors of each node, by its name. */
  readonly nodes: Readonly<Record<string, number>>;
  readonly maxArraySize: number;
  /** Seconds between TERM and KILL, which comes at the first poll after them. */
  readonly killDelaySeconds: number;
  /** Seconds between two looks of pbs_mom at limits and at jobs that it was to end. */
  readonly pollSeconds: number;
  /** Seconds in which a job stays in E whose log was asked for twice, since it ended while its TERM was under way. */
  readonly secondCopySeconds: number;
  /** A TERM so soon after a job's start is lost, seconds. */
  readonly startSeconds: number;
  /** Seconds after which a job whose TERM was lost is killed. */
  readonly lostTermSeconds: number;
}

/** OpenPBS's defaults, but for root. */
export const DEFAULT_CONFIG: FakePbsConfig = {
  server: "pbs1",
  host: Deno.hostname(),
  history: false,
  aclRoots: true,
  queues: ["workq"],
  nodes: { pbs1: 8 },
  maxArraySize: 10_000,
  killDelaySeconds: 10,
  pollSeconds: 10,
  secondCopySeconds: 32,
  startSeconds: 0.1,
  lostTermSeconds: 31,
};
