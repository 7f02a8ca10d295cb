/**
 * A kind's own parameters: `--extra-params`, and over it `--param` and `--no-arrays`.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import { isObject } from "../core/is_object.ts";
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
  const given = paramsOf(options);
  if (argument === undefined && given.length === 0) return undefined;
  const params = new Map(Object.entries(argument === undefined ? {} : await parseObject(argument)));
  for (const { key, value } of given.filter(({ part }) => part === undefined)) params.set(key, value);
  for (const { key, part, value } of given) {
    if (part === undefined) continue;
    const whole = params.get(key) ?? {};
    if (!isObject(whole)) {
      throw new ConfigError(
        `--param ${key}.${part}: ${key} is given, too, and is no object: give one of the two`,
      );
    }
    params.set(key, { ...whole, [part]: value });
  }
  return Object.fromEntries(params);
}

/** What one `--param` says. */
interface GivenParam {
  readonly key: string;
  /** The key in it, where it is an object: `walltime` of `manager.walltime`. */
  readonly part: string | undefined;
  readonly value: unknown;
}

function paramsOf(options: ParsedOptions): GivenParam[] {
  const params = new Map<string, GivenParam>();
  for (const text of options.values("param")) {
    const [, name, key, part, value] = /^((\w+)(?:\.(\w+))?)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) {
      throw new ConfigError(`--param '${text}' is no parameter: write KEY=VALUE, such as walltime=2:00:00`);
    }
    if (params.has(name)) {
      throw new ConfigError(
        `--param ${name} is given twice: leave one out, or write a list, ${name}='["a","b"]'`,
      );
    }
    params.set(name, { key: key!, part, value: jsonOrText(value!) });
  }
  if (options.has("no-arrays")) params.set("arrays", { key: "arrays", part: undefined, value: false });
  return [...params.values()];
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
  if (!isObject(value)) {
    throw new ConfigError(`--extra-params takes an object, such as '{"key": "value"}'`);
  }
  return value;
}
