/**
 * What can't work in a worker that has the code's text and nothing else, found before anything starts.
 *
 * @module
 */
import {
  identifierName,
  importMetaProperty,
  isImportMeta,
  literalString,
  type ParsedModule,
  type SyntaxNode,
  visitNodes,
} from "./syntax_tree.ts";

/** One use of what a worker does not have. */
export interface Unshippable {
  /** Where it stands in the text, UTF-16 units from 0. */
  readonly start: number;
  /** What it does, to follow the place: `imports ...`. */
  readonly what: string;
}

/** Packages that find and load a native add-on at run time. */
const ADDON_LOADERS = new Set([
  "bindings",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
]);

/** True for a package that is there to load native add-ons. */
export function isAddonLoader(packageName: string | undefined): boolean {
  return packageName !== undefined && ADDON_LOADERS.has(packageName);
}

/**
 * Finds native add-ons, imports that are not in the text, names of modules that only running tells, and files read
 * from beside a module.
 *
 * @param module the text.
 * @param isUsers whether a position is in the user's own code. A package may look at where it is (many do, for
 *   nothing), but not name a file there.
 */
export function findUnshippable(module: ParsedModule, isUsers: (node: SyntaxNode) => boolean): Unshippable[] {
  const found: Unshippable[] = [];
  visitNodes(module.tree, (node, above) => {
    const what = importProblem(node) ?? requireProblem(node, isUsers) ?? placeProblem(node, above, isUsers);
    if (what !== undefined) found.push({ start: node.start, what });
  });
  return found;
}

type WithSource = SyntaxNode & { source?: SyntaxNode | null };
type Call = SyntaxNode & { callee: SyntaxNode; arguments: readonly SyntaxNode[] };

function importProblem(node: SyntaxNode): string | undefined {
  if (!/^(Import|ExportNamed|ExportAll)(Declaration|Expression)$/.test(node.type)) return undefined;
  const { source } = node as WithSource;
  if (!source) return undefined;
  const specifier = literalString(source);
  if (specifier === undefined) return "imports a module whose name is known only when it runs";
  if (specifier.startsWith("node:")) return undefined;
  return addonProblem(specifier) ?? `imports '${specifier}', which can't be bundled`;
}

function requireProblem(node: SyntaxNode, isUsers: (node: SyntaxNode) => boolean): string | undefined {
  if (node.type !== "CallExpression") return undefined;
  const { callee, arguments: [first] } = node as Call;
  if (first === undefined || !/^(__)?require\d*$/.test(identifierName(callee) ?? "")) return undefined;
  const specifier = literalString(first);
  if (specifier !== undefined) return addonProblem(specifier);
  // Packages ask for optional ones in this way, and do without.
  return isUsers(node) ? "requires a module whose name is known only when it runs" : undefined;
}

function addonProblem(specifier: string): string | undefined {
  return specifier.endsWith(".node") ? `loads the native add-on '${specifier.split("/").at(-1)}'` : undefined;
}

function placeProblem(
  node: SyntaxNode,
  above: readonly SyntaxNode[],
  isUsers: (node: SyntaxNode) => boolean,
): string | undefined {
  const name = identifierName(node);
  if ((name === "__dirname" || name === "__filename") && isInArgument(node, above)) {
    return `reads a file beside its module (${name})`;
  }
  if (!isImportMeta(node)) return undefined;
  const [outer, parent] = [above.at(-2), above.at(-1)];
  const property = importMetaProperty(parent);
  if (property === undefined) return isUsers(node) ? place("import.meta") : undefined;
  if (!["url", "dirname", "filename", "resolve"].includes(property)) return undefined;
  const names = property !== "url" || isUrlBase(outer, parent!);
  return names || isUsers(node) ? place(`import.meta.${property}`) : undefined;
}

function place(what: string): string {
  return `uses ${what}, but a worker gets a module's text without its place`;
}

/** True for the second argument of `new URL("./file", HERE)`. */
function isUrlBase(outer: SyntaxNode | undefined, node: SyntaxNode): boolean {
  if (outer?.type !== "NewExpression") return false;
  const { callee, arguments: [first, second] } = outer as Call;
  return /^URL\d*$/.test(identifierName(callee) ?? "") && second === node &&
    literalString(first) !== undefined;
}

/** True if a node is (in) an argument of a call, in the same function as the call. */
function isInArgument(node: SyntaxNode, above: readonly SyntaxNode[]): boolean {
  let child = node;
  for (const parent of above.toReversed()) {
    if (/Function|^UnaryExpression$/.test(parent.type)) return false;
    if (parent.type === "CallExpression") return (parent as Call).callee !== child;
    child = parent;
  }
  return false;
}
