/**
 * Finds what is misspelt in the input of a call: the SDK drops keys that it does not know without a word.
 *
 * @module
 */

/**
 * A key that a call does not have.
 *
 * @param schema the SDK's own description of the input, as its commands carry it: `[3, namespace, name, traits, names, members]`
 *   for a structure, `[1, ..., value]` for a list, functions and pairs with traits around them. What is not understood is
 *   taken to be right.
 * @returns its path and the names there are; undefined if all are known.
 */
export function findUnknownKey(
  schema: unknown,
  value: unknown,
  path = "",
): { readonly path: string; readonly known: readonly string[] } | undefined {
  const shape = resolved(schema);
  if (!Array.isArray(shape) || typeof value !== "object" || value === null) return undefined;
  const [kind, , , , names, members] = shape;
  if (kind === LIST) {
    if (!Array.isArray(value)) return undefined;
    return first(value, (item, at) => findUnknownKey(names, item, `${path}[${at}]`));
  }
  if (kind !== STRUCTURE || !Array.isArray(names) || !Array.isArray(members) || Array.isArray(value)) {
    return undefined;
  }
  return first(Object.entries(value), ([key, item]) => {
    const at = names.indexOf(key);
    const inner = path === "" ? key : `${path}.${key}`;
    return at < 0 ? { path: inner, known: names } : findUnknownKey(members[at], item, inner);
  });
}

const LIST = 1;
const STRUCTURE = 3;

/** A member is a shape, a function that gives one, or a pair of it and its traits. */
function resolved(schema: unknown): unknown {
  if (typeof schema === "function") return resolved(schema());
  if (Array.isArray(schema) && schema.length === 2) return resolved(schema[0]);
  return schema;
}

function first<Item, Found>(items: readonly Item[], find: (item: Item, at: number) => Found | undefined) {
  for (const [at, item] of items.entries()) {
    const found = find(item, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
