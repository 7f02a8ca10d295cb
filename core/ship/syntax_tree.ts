/**
 * Looking at a module's syntax tree (ESTree).
 *
 * @module
 */
import { type Comment, parse, type Token } from "acorn";

/** Any node of the tree. */
export interface SyntaxNode {
  /** ESTree's name of the kind of node. */
  readonly type: string;
  /** Where it begins in the text, UTF-16 units from 0. */
  readonly start: number;
  /** Where it ends, exclusive. */
  readonly end: number;
}

/** A comment, or a token, and where it stands. */
export interface SyntaxPart extends SyntaxNode {
  /** Where it begins: the line from 1, the column in UTF-16 units from 0. */
  readonly loc: { readonly start: { readonly line: number; readonly column: number } };
}

/** A parsed module. */
export interface ParsedModule {
  /** The text that was parsed. */
  readonly text: string;
  /** The tree's root. */
  readonly tree: SyntaxNode;
  /** Its comments, in order. */
  readonly comments: readonly (SyntaxPart & { readonly value: string })[];
  /** Its tokens, in order. */
  readonly tokens: readonly Pick<SyntaxPart, "loc">[];
}

/**
 * Parses the text of a JavaScript module.
 *
 * @returns undefined if it is none, or uses syntax that the parser does not know.
 */
export function parseModule(text: string): ParsedModule | undefined {
  const comments: Comment[] = [];
  const tokens: Token[] = [];
  try {
    const tree = parse(text, {
      ecmaVersion: "latest",
      sourceType: "module",
      allowHashBang: true,
      ranges: true,
      locations: true,
      onComment: comments,
      onToken: tokens,
    });
    // Asked for with `locations`, so they are there.
    return { text, tree, comments, tokens } as ParsedModule;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The nodes right below a node, in the order of the text. */
function childNodes(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node).flat().filter(isNode);
}

/** Calls `visit` with the node and all below it, each with the nodes above it, the nearest last. */
export function visitNodes(
  root: SyntaxNode,
  visit: (node: SyntaxNode, above: readonly SyntaxNode[]) => void,
): void {
  const above: SyntaxNode[] = [];
  const go = (node: SyntaxNode): void => {
    visit(node, above);
    above.push(node);
    for (const child of childNodes(node)) go(child);
    above.pop();
  };
  go(root);
}

/** The string that an expression is known to be, without running anything. */
export function literalString(node: SyntaxNode | null | undefined): string | undefined {
  if (node?.type === "Literal") {
    const { value } = node as SyntaxNode & { value: unknown };
    return typeof value === "string" ? value : undefined;
  }
  if (node?.type !== "TemplateLiteral") return undefined;
  const { quasis } = node as SyntaxNode & { quasis: { value: { cooked?: string | null } }[] };
  return quasis.length === 1 ? quasis[0]!.value.cooked ?? undefined : undefined;
}

/** An identifier's name, if the node is one. */
export function identifierName(node: SyntaxNode | null | undefined): string | undefined {
  return node?.type === "Identifier" ? (node as SyntaxNode & { name: string }).name : undefined;
}

/** True for `import.meta`. */
export function isImportMeta(node: SyntaxNode | null | undefined): boolean {
  return node?.type === "MetaProperty" &&
    identifierName((node as SyntaxNode & { meta: SyntaxNode }).meta) === "import";
}

/** The property's name for `import.meta.NAME`, by a dot or as a literal. */
export function importMetaProperty(node: SyntaxNode | null | undefined): string | undefined {
  if (node?.type !== "MemberExpression") return undefined;
  const { object, property, computed } = node as SyntaxNode & {
    object: SyntaxNode;
    property: SyntaxNode;
    computed: boolean;
  };
  if (!isImportMeta(object)) return undefined;
  return computed ? literalString(property) : identifierName(property);
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null &&
    typeof (value as { type?: unknown }).type === "string" &&
    typeof (value as { start?: unknown }).start === "number";
}
