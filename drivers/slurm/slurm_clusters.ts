/**
 * SLURM's other clusters: a job may be submitted to one that is not the login node's own, by `-M`, by SBATCH_CLUSTERS or by a
 * site's plugin. Its id is then `123;other`, as `sbatch --parsable` says it, and every command about it needs `-M other`.
 * Sources: sbatch(1), "--clusters", "--parsable" and "INPUT ENVIRONMENT VARIABLES"; squeue(1) and scancel(1), "--clusters".
 *
 * @module
 */

const ANSWER = /^(\d+)(?:;([A-Za-z0-9_.-]+))?$/m;
/** `-M a,b`, `-Ma`, `--clusters=a`, `--cluster a`, quoted or not, anywhere in a directive. */
const OPTION = /(?:^|\s)(?:-M\s*=?|--clusters?(?:\s+|=))["']?([A-Za-z0-9_.,-]+)/;

/** The id of a job or element as SLURM's commands take it, and the cluster in which they find it. */
export interface ClusterId {
  /** `123` or `123_4`. */
  readonly id: string;
  /** Undefined for the cluster that commands ask by themselves. */
  readonly cluster: string | undefined;
}

/** The id in an answer of `sbatch --parsable`, the cluster's name with it; undefined if there is none. */
export function answeredId(stdout: string): string | undefined {
  return ANSWER.exec(stdout.trim())?.[0];
}

/** Takes `123_4;other` apart. */
export function clusterId(queueId: string): ClusterId {
  const [id, cluster] = queueId.split(";");
  return { id: id!, cluster };
}

/** Puts an id together with its cluster. */
export function inCluster(id: string, cluster: string | undefined): string {
  return cluster === undefined ? id : `${id};${cluster}`;
}

/** The id of an array's element: `123_4;other` of `123;other`. */
export function elementId(jobId: string, index: number): string {
  const { id, cluster } = clusterId(jobId);
  return inCluster(`${id}_${index}`, cluster);
}

/** What a command about jobs of that cluster has behind its name. */
export function clusterWords(cluster: string | undefined): string[] {
  return cluster === undefined ? [] : ["-M", cluster];
}

/** Ids, without their clusters, by the cluster that they are in. */
export function byCluster(queueIds: readonly string[]): Map<string | undefined, string[]> {
  const groups = Map.groupBy(queueIds.map(clusterId), ({ cluster }) => cluster);
  return new Map([...groups].map(([cluster, ids]) => [cluster, ids.map(({ id }) => id)]));
}

/**
 * The clusters that `sbatch` may choose from, such as `a,b`, or undefined for the one that commands ask by themselves. The
 * environment wins over directives; which of its two variables does differs between versions.
 */
export function wantedClusters(
  directives: readonly string[],
  { SBATCH_CLUSTERS, SLURM_CLUSTERS }: Readonly<Record<string, string>>,
): string | undefined {
  const variables = [SLURM_CLUSTERS, SBATCH_CLUSTERS].filter((names) => names !== undefined && names !== "");
  if (variables.length > 0) return [...new Set(variables)].join(",");
  return directives.map((text) => OPTION.exec(text)?.[1]).findLast((names) => names !== undefined);
}
