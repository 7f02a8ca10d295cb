/**
 * Options of `blockfleet apply` about the data channel to workers that are processes.
 *
 * @module
 */
import type { ChannelStyle } from "../core/channel_style.ts";
import { ConfigError } from "../core/errors.ts";
import type { ParsedOptions } from "./option_table.ts";
import { parseCount } from "./option_values.ts";

/**
 * What was said of the data channel.
 *
 * @throws {ConfigError} if a value is none.
 */
export function channelStyleOf(options: ParsedOptions): ChannelStyle {
  const networkInterface = options.value("interface");
  const advertise = options.value("advertise");
  const ports = options.value("port-range");
  const reconnectGrace = options.value("reconnect-grace");
  return {
    ...networkInterface === undefined ? {} : { networkInterface },
    ...advertise === undefined ? {} : { advertise: advertise.split(",") },
    ...ports === undefined ? {} : { ports: parsePortRange(ports) },
    ...reconnectGrace === undefined
      ? {}
      : { reconnectGrace: parseCount("reconnect-grace", reconnectGrace, { min: 1 }) },
    ...options.has("insecure-channel") ? { tls: false } : {},
  };
}

function parsePortRange(text: string): { lowest: number; highest: number } {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = { lowest: Number(first), highest: Number(last) };
  if (range.lowest >= 1 && range.lowest <= range.highest && range.highest <= 65535) return range;
  throw new ConfigError(`--port-range takes ports from 1 to 65535, such as 30000-50000, not '${text}'`);
}
