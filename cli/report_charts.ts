/**
 * The charts of the report, as SVG.
 *
 * @module
 */

/** The distribution of a timer, seconds. */
export interface Spread {
  /** Least. */
  readonly min: number;
  /** Lower quartile. */
  readonly lower: number;
  /** Median. */
  readonly median: number;
  /** Upper quartile. */
  readonly upper: number;
  /** Greatest. */
  readonly max: number;
}

/** A logarithmic axis, seconds. */
export interface LogAxis {
  /** Its left end. */
  readonly least: number;
  /** Its right end. */
  readonly most: number;
}

const WIDTH = 240;
const HEIGHT = 16;
const MIDDLE = HEIGHT / 2;
/** Nothing shorter is shown apart: clocks in browsers' engines are not finer. */
const FINEST_SECONDS = 1e-6;

/** An axis in whole powers of ten that holds all these. */
export function logAxis(spreads: readonly Spread[]): LogAxis {
  const least = Math.min(...spreads.map(({ min }) => Math.max(FINEST_SECONDS, min)));
  const most = Math.max(...spreads.map(({ max }) => Math.max(FINEST_SECONDS, max)));
  if (!Number.isFinite(least)) return { least: 0.001, most: 1 };
  const left = Math.floor(Math.log10(least));
  return { least: 10 ** left, most: 10 ** Math.max(left + 1, Math.ceil(Math.log10(most))) };
}

/** A bar whose length is the share of `most`. */
export function shareBar(
  value: number,
  { most, label }: { readonly most: number; readonly label: string },
): string {
  const width = most > 0 ? WIDTH * value / most : 0;
  return svg(
    label,
    `<rect class="bar" y="2" width="${px(width)}" height="${HEIGHT - 4}"/>`,
  );
}

/** A box plot. */
export function spreadChart({ min, lower, median, upper, max }: Spread, axis: LogAxis): string {
  const at = (value: number) => {
    const whole = Math.log10(axis.most / axis.least);
    return WIDTH * Math.log10(Math.max(axis.least, value) / axis.least) / whole;
  };
  const label = [min, lower, median, upper, max].map(seconds).join(", ");
  return svg(
    `least, lower quartile, median, upper quartile, greatest: ${label}`,
    `<line class="whisker" x1="${px(at(min))}" x2="${px(at(max))}" y1="${MIDDLE}" y2="${MIDDLE}"/>` +
      `<rect class="box" x="${px(at(lower))}" y="3" width="${px(Math.max(1, at(upper) - at(lower)))}" ` +
      `height="${HEIGHT - 6}"/>` +
      `<line class="median" x1="${px(at(median))}" x2="${px(at(median))}" y1="1" y2="${HEIGHT - 1}"/>`,
  );
}

function svg(label: string, content: string): string {
  return `<svg role="img" aria-label="${label}" width="${WIDTH}" height="${HEIGHT}" viewBox="-1 0 ${
    WIDTH + 2
  } ${HEIGHT}">` +
    `<title>${label}</title>${content}</svg>`;
}

function px(value: number): string {
  return value.toFixed(1);
}

function seconds(value: number): string {
  return value >= 1 ? `${value.toFixed(2)} s` : `${(value * 1000).toPrecision(3)} ms`;
}
