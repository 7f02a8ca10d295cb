/**
 * What a Grid Engine job asks for. Sources: qsub(1), sge_types(1) and complex(5) of Son of Grid Engine 8.1.9.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import type { Directive, JobRequest } from "../batch_queue/batch_scheduler.ts";
import type { CheckedParams } from "../batch_queue/extra_params.ts";
import { RUN_CONTEXT } from "./sge_queue.ts";

/** Memory that a node must have free: a request, no limit. */
const MEMORY_RESOURCE = "mem_free";
/** Limits of a process's address space, of which V8 reserves about 48 GB before it starts, whatever it uses. */
const ADDRESS_SPACE = /^[hs]_(vmem|data)$/;
const LEAST_ADDRESS_SPACE_MIB = 64 << 10;

/**
 * Refuses what Grid Engine has no word for.
 *
 * @throws {ConfigError} naming the parameter and what to give in its place.
 */
export function checkSgeParams({ qos, memoryMib, memoryResource = MEMORY_RESOURCE }: CheckedParams): void {
  if (qos !== undefined) {
    throw new ConfigError(
      `qos '${qos}': Grid Engine has none. Choose a queue, or write what your site wants in extraDirectives`,
    );
  }
  const isTooLittle = memoryMib !== undefined && memoryMib < LEAST_ADDRESS_SPACE_MIB;
  if (ADDRESS_SPACE.test(memoryResource) && isTooLittle) {
    throw new ConfigError(
      `memoryResource '${memoryResource}' limits the address space, of which Deno reserves 48 GB at its start: ` +
        "give another that your site has, such as mem_free, or a memory of 64G or more",
    );
  }
}

/**
 * The directives of a job.
 *
 * @throws {ConfigError} if it takes several cores and no parallel environment is given.
 */
export function sgeDirectives(job: JobRequest): Directive[] {
  const { name, token, arraySize, params } = job;
  const { queue, account, constraint, walltimeSeconds, maxRunning } = params;
  const log = logPath(job, "$TASK_ID");
  return [
    directive("N", name),
    directive("S", params.shell.split(" ")[0]!),
    directive("j", "y"),
    // Grid Engine's own path of a log must be one that its lists can hold: see openLog.
    directive("o", isPlainPath(job) ? log : "/dev/null"),
    directive("ac", `${RUN_CONTEXT}=${token}`),
    // A signal comes before the end, in the time that the queue's `notify` gives; without this none does.
    { option: "notify", text: "-notify" },
    ...arraySize === undefined ? [] : [
      directive("t", `1-${arraySize}`, true),
      ...maxRunning === undefined ? [] : [directive("tc", String(maxRunning))],
    ],
    ...queue === undefined ? [] : [directive("q", queue)],
    ...account === undefined ? [] : [directive("P", account)],
    ...parallel(params),
    ...walltimeSeconds === undefined ? [] : [
      resource("h_rt", `h_rt=${walltimeSeconds}`),
      resource("s_rt", `s_rt=${Math.max(1, walltimeSeconds - params.terminateGraceSeconds)}`),
    ],
    ...memory(params),
    ...constraint === undefined ? [] : [resource("constraint", constraint)],
  ];
}

/**
 * The path of a job's log.
 *
 * @param element what stands for an element's number.
 */
export function logPath(
  { logFolder, logPrefix = "", logStem, arraySize }: JobRequest,
  element: string,
): string {
  return `${logFolder}/${logPrefix}${logStem}${arraySize === undefined ? "" : `_${element}`}.log`;
}

/**
 * Whether `-o` can take the path of a job's log: in one there, commas part several, a colon ends a host's name, dollars begin
 * names such as `$HOME`, and quotes are taken off without a way to keep one.
 */
export function isPlainPath(job: JobRequest): boolean {
  return /^[A-Za-z0-9_@%+=./ -]+$/.test(logPath(job, ""));
}

function parallel({ cores, parallelEnvironment }: CheckedParams): Directive[] {
  if (cores === undefined || cores === 1 && parallelEnvironment === undefined) return [];
  if (parallelEnvironment === undefined) {
    throw new ConfigError(
      `A worker with ${cores} cores or threads needs a parallel environment of Grid Engine, whose slots are on one host: ` +
        "'qconf -spl' lists your site's, often smp. Name it with --param parallelEnvironment=smp",
    );
  }
  return [directive("pe", `${parallelEnvironment} ${cores}`)];
}

/** Grid Engine takes what is asked for as for one slot, and a worker has as many as cores. */
function memory({ memoryMib, memoryResource = MEMORY_RESOURCE, cores = 1 }: CheckedParams): Directive[] {
  if (memoryMib === undefined) return [];
  return [resource(memoryResource, `${memoryResource}=${Math.ceil(memoryMib / cores)}M`)];
}

function directive(option: string, value: string, needed = false): Directive {
  const words = option === "pe" ? value : quoted(value);
  return { option, text: `-${option} ${words}`, needed };
}

function resource(name: string, value: string): Directive {
  return { option: `l ${name}`, text: `-l ${quoted(value)}` };
}

/** qsub takes off quotes wherever they stand, and knows no escapes. */
function quoted(value: string): string {
  if (/^[A-Za-z0-9_@%+=:,./$*|!&()-]+$/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
