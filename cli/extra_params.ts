/**
 * A kind's own parameters: `--extra-params`, and over it `--param` and `--no-arrays`.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import { parseJsonArgument } from "./json_argument.ts";
import type { ParsedOptions } from "./option_table.ts";

/**
 * The kind's own parameters; undefined if none are given.
 *
 * @throws {ConfigError} if they are no object, one has no name, or one is given twice.
 */
export async function extraParamsOf(
  options: ParsedOptions,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const argument = options.value("extra-params");
  const params = { ...argument === undefined ? {} : await parseObject(argument), ...paramsOf(options) };
  return argument === undefined && Object.keys(params).length === 0 ? undefined : params;
}

function paramsOf(options: ParsedOptions): Record<string, unknown> {
  const params = new Map<string, unknown>();
  for (const text of options.values("param")) {
    const [, key, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
    if (key === undefined) {
      throw new ConfigError(`--param '${text}' is no parameter: write KEY=VALUE, such as walltime=2:00:00`);
    }
    if (params.has(key)) {
      throw new ConfigError(
        `--param ${key} is given twice: leave one out, or write a list, ${key}='["a","b"]'`,
      );
    }
    params.set(key, jsonOrText(value!));
  }
  if (options.has("no-arrays")) params.set("arrays", false);
  return Object.fromEntries(params);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is meant as text, such as a walltime.
    return text;
  }
}

async function parseObject(argument: string): Promise<Record<string, unknown>> {
  const value = await parseJsonArgument("extra-params", argument);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError(`--extra-params takes an object, such as '{"key": "value"}'`);
  }
  return value as Record<string, unknown>;
}
