/**
 * What `qstat -f` answers, as text or JSON, as values. Sources: qstat(1B); the job states of PBS Professional's and
 * Torque's manuals.
 *
 * @module
 */

/** A job's attributes by their names in the text form, such as `Resource_List.walltime`. */
export type PbsAttributes = Readonly<Record<string, string>>;

/**
 * Reads `qstat -f -F json`: jobs by id. Values are numbers where they look like one, so `007` has become 7.
 *
 * @returns undefined if it is no JSON, as some versions write it.
 */
export function parsePbsJson(text: string): Map<string, PbsAttributes> | undefined {
  let answer: { readonly Jobs?: unknown };
  try {
    answer = JSON.parse(text);
  } catch {
    // Attributes with quotes or control characters in them are not escaped by every version: the text form is asked for.
    return undefined;
  }
  const jobs = new Map<string, PbsAttributes>();
  for (const [id, attributes] of entries(answer?.Jobs)) {
    jobs.set(id, Object.fromEntries(flattened(attributes)));
  }
  return jobs;
}

/** Reads `qstat -f`: long lines are folded, mid-word, by a newline and a tab. */
export function parsePbsText(text: string): Map<string, PbsAttributes> {
  const jobs = new Map<string, PbsAttributes>();
  let attributes: Record<string, string> = {};
  for (const line of text.replaceAll("\r", "").replaceAll("\n\t", "").split("\n")) {
    const job = /^Job Id:\s*(\S+)/.exec(line);
    const pair = /^\s+([^=\s]+) = (.*)$/.exec(line);
    if (job) jobs.set(job[1]!, attributes = {});
    else if (pair) attributes[pair[1]!] = pair[2]!;
  }
  return jobs;
}

/** A variable of a job: JSON has each apart, the text form all in one list. */
export function pbsVariable(attributes: PbsAttributes, name: string): string | undefined {
  const own = attributes[`Variable_List.${name}`];
  if (own !== undefined) return own;
  return new RegExp(`(?:^|,)${name}=([^,]*)`).exec(attributes.Variable_List ?? "")?.[1];
}

function* flattened(value: unknown, prefix = ""): Generator<[string, string]> {
  for (const [key, inner] of entries(value)) {
    if (typeof inner === "object" && inner !== null) yield* flattened(inner, `${prefix}${key}.`);
    else yield [prefix + key, String(inner)];
  }
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
