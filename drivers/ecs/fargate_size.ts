/**
 * The sizes that tasks on Fargate can have.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";

/** CPU of a worker unless the user says otherwise, as RIOS has it. */
export const DEFAULT_CPU = "0.5 vCPU";
/** Memory of a worker unless the user says otherwise, as RIOS has it. */
export const DEFAULT_MEMORY = "1GB";

/** Memory that goes with some CPU, MiB. */
interface MemoryRange {
  readonly leastMiB: number;
  readonly mostMiB: number;
  readonly stepMiB: number;
}

/** By CPU units, 1024 a vCPU (Amazon ECS Developer Guide, "Task definition parameters for Fargate": task size). */
const SIZES: ReadonlyMap<number, MemoryRange> = new Map([
  [256, { leastMiB: 512, mostMiB: 2048, stepMiB: 0 }],
  [512, gigabytes(1, 4, 1)],
  [1024, gigabytes(2, 8, 1)],
  [2048, gigabytes(4, 16, 1)],
  [4096, gigabytes(8, 30, 1)],
  [8192, gigabytes(16, 60, 4)],
  [16384, gigabytes(32, 120, 8)],
]);
/** Above this AWS may have come to offer more than the table has. */
const MOST_UNITS = 16384;

/**
 * Refuses a pair of CPU and memory that Fargate does not have, before anything is made; what can't be read is left to AWS.
 *
 * @throws {ConfigError} naming the memory that goes with the CPU, or the CPUs that there are.
 */
export function checkFargateSize(
  { cpu = DEFAULT_CPU, memory = DEFAULT_MEMORY }: { readonly cpu?: string; readonly memory?: string },
): void {
  const units = toUnits(cpu);
  const memoryMiB = toMiB(memory);
  if (units === undefined || memoryMiB === undefined || units > MOST_UNITS) return;
  const range = SIZES.get(units);
  if (!range) {
    throw new ConfigError(
      `Fargate has no tasks with 'cpu' '${cpu}': there are ${[...SIZES.keys()].map(vcpus).join(", ")} vCPU`,
    );
  }
  if (isOffered(range, memoryMiB)) return;
  throw new ConfigError(
    `Fargate has no tasks with 'cpu' '${cpu}' and 'memory' '${memory}': ${vcpus(units)} vCPU go with ${
      words(range)
    }`,
  );
}

/** Memory in AWS's words (`"1024"`, `"1GB"`, `"0.5 GB"`) in MiB; undefined for what AWS itself will refuse. */
export function toMiB(memory: string): number | undefined {
  const [, amount, unit] = /^\s*(\d+(?:\.\d+)?)\s*(GB|MB|MiB)?\s*$/i.exec(memory) ?? [];
  if (amount === undefined) return undefined;
  return Math.floor(Number(amount) * (unit?.toUpperCase() === "GB" ? 1024 : 1));
}

/** CPU in AWS's words (`"512"`, `"0.5 vCPU"`) in units. */
function toUnits(cpu: string): number | undefined {
  const [, amount, unit] = /^\s*(\d*\.?\d+)\s*(vcpu)?\s*$/i.exec(cpu) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unit ? 1024 : 1);
}

function isOffered({ leastMiB, mostMiB, stepMiB }: MemoryRange, memoryMiB: number): boolean {
  if (memoryMiB < leastMiB || memoryMiB > mostMiB) return false;
  // The smallest size doubles instead: 512, 1024, 2048.
  return stepMiB === 0 ? Number.isInteger(Math.log2(memoryMiB)) : (memoryMiB - leastMiB) % stepMiB === 0;
}

function gigabytes(least: number, most: number, step: number): MemoryRange {
  return { leastMiB: least * 1024, mostMiB: most * 1024, stepMiB: step * 1024 };
}

function words({ leastMiB, mostMiB, stepMiB }: MemoryRange): string {
  if (stepMiB === 0) return "0.5GB, 1GB or 2GB";
  return `${leastMiB / 1024}GB to ${mostMiB / 1024}GB in steps of ${stepMiB / 1024}GB`;
}

function vcpus(units: number): number {
  return units / 1024;
}
