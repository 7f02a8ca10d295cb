/**
 * Times and sizes as people and schedulers write them.
 *
 * @module
 */

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const UNIT_MIB: Readonly<Record<string, number>> = { K: 1 / 1024, M: 1, G: 1024, T: 1024 * 1024 };

/** Seconds of `[D-]HH:MM:SS`, of `90s`, `30m`, `2h`, `1d`, or of a number of seconds; undefined if it is none of these. */
export function parseWalltime(value: string | number): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  const unit = /^(\d+)\s*([smhd])$/.exec(value);
  const seconds = unit
    ? Number(unit[1]) * UNIT_SECONDS[unit[2]!]!
    : /^(\d+-)?\d+:\d\d:\d\d$/.test(value)
    ? parseClock(value)
    : undefined;
  return seconds === 0 ? undefined : seconds;
}

/** Seconds of `[D-][HH:]MM:SS`, as `squeue` and `qstat` write them; undefined for words such as `UNLIMITED`. */
export function parseClock(text: string): number | undefined {
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$/.exec(text.trim());
  if (!match) return undefined;
  const [, days = "0", hours = "0", minutes, seconds] = match;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}

/** `HH:MM:SS`, with as many hours as it takes: both `sbatch --time` and `qsub -l walltime` read it. */
export function formatClock(seconds: number): string {
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

/** MiB of `500M`, `4G`, `4GB` or `4GiB`, rounded up; undefined if it is none. A unit is needed: systems differ in theirs. */
export function parseMemory(value: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?$/i.exec(value.trim());
  if (!match) return undefined;
  return Math.ceil(Number(match[1]) * UNIT_MIB[match[2]!.toUpperCase()]!) || undefined;
}
