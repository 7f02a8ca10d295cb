/**
 * AWS's shared configuration files, as far as it matters whether something is set in them.
 *
 * @module
 */

/** Sections by name, each with its keys. */
export type SharedConfig = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads a configuration file ("Configuration and credential file settings" of the AWS SDKs and Tools Reference Guide).
 * What can't be read is left out; `[profile x]` is the section `x`.
 */
export function parseSharedConfig(text: string): SharedConfig {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[\s*(?:profile\s+)?"?([^"\]]+?)"?\s*\]/.exec(line);
    if (heading) {
      const name = heading[1]!;
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      continue;
    }
    const pair = /^([A-Za-z0-9_]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (pair && section) section.set(pair[1]!, pair[2]!);
  }
  return sections;
}
