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
  /** Seconds between TERM and KILL. */
  readonly killDelaySeconds: number;
  /** Seconds between two looks at walltimes. */
  readonly pollSeconds: number;
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
};
