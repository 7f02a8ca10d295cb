/**
 * What the figures were measured on.
 *
 * @module
 */
import type { Tools } from "./tools.ts";

/** The machine and the software on both sides. */
export interface Machine {
  /** The processor's name; "unknown" where the system does not say. */
  readonly processor: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Memory, GiB. */
  readonly memoryGiB: number;
  /** Processes that wanted to run in the last minute, on average, before the benchmarks began. */
  readonly load: number;
  /** Versions, or why one is missing. */
  readonly software: Readonly<Record<string, string>>;
}

/** Describes this machine. */
export function describeMachine(tools: Tools): Machine {
  const version = (tool: Tools[keyof Tools]) =>
    "missing" in tool ? `not here: ${tool.missing}` : tool.version;
  return {
    processor: processorName(),
    cores: navigator.hardwareConcurrency,
    memoryGiB: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    load: Deno.loadavg()[0]!,
    software: { deno: Deno.version.deno, gdal: version(tools.gdalPython), rios: version(tools.rios) },
  };
}

function processorName(): string {
  if (Deno.build.os !== "linux") return "unknown";
  return /^model name\s*:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? "unknown";
}
