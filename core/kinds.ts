/**
 * The kinds of compute worker, by RIOS's names.
 *
 * @module
 */

/** No workers: blocks are computed in the main thread, one after another. */
export const CW_NONE = "CW_NONE";
/** Compute workers are threads (Web Workers) of this process. */
export const CW_THREADS = "CW_THREADS";
/** Compute workers are processes on this machine. */
export const CW_SUBPROC = "CW_SUBPROC";
/** Compute workers are PBS jobs. */
export const CW_PBS = "CW_PBS";
/** Compute workers are SLURM jobs. */
export const CW_SLURM = "CW_SLURM";
/** Compute workers are Grid Engine jobs. RIOS has no such kind. */
export const CW_SGE = "CW_SGE";
/** Compute workers are AWS ECS tasks. */
export const CW_ECS = "CW_ECS";
/** Compute workers are AWS Batch jobs. */
export const CW_AWSBATCH = "CW_AWSBATCH";

/** A kind's name. Strangers' drivers bring their own, so any `CW_` name is one. */
export type ComputeWorkerKind = string;
