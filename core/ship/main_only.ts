/**
 * The parts of a module that count only where it is the program: a script that holds a user function and also
 * starts the run with it must not bring all of blockfleet to the workers.
 *
 * @module
 */
import type { Program } from "acorn";
import type { Variable } from "eslint-scope";
import { importMetaProperty, type ParsedModule, type SyntaxNode } from "./syntax_tree.ts";

/** What a module does not need in a worker. */
export interface MainOnlyParts {
  /** Statements to be left out. */
  readonly statements: readonly SyntaxNode[];
  /** What the import declarations among them import from. */
  readonly specifiers: readonly string[];
}

/**
 * Finds `if (import.meta.main) ...` statements at a module's top, and the functions and imports that only they use.
 *
 * @param module the module; its comments and tokens are not looked at.
 * @param elideUnused true if an import that nothing uses is no import, as in TypeScript, where it was for types.
 */
export async function mainOnlyParts(module: ParsedModule, elideUnused: boolean): Promise<MainOnlyParts> {
  const tree = module.tree as Program;
  const dead = tree.body.filter((node): boolean =>
    node.type === "IfStatement" && !node.alternate && importMetaProperty(node.test) === "main"
  ) as SyntaxNode[];
  const specifiers: string[] = [];
  const maybeUnused = elideUnused && tree.body.some(({ type }) => type === "ImportDeclaration");
  if (dead.length === 0 && !maybeUnused) return { statements: dead, specifiers };
  const isDead = (node: SyntaxNode): boolean =>
    dead.some((part) => part.start <= node.start && node.end <= part.end);
  const used = (variable: Variable, statement: SyntaxNode): "nowhere" | "dead" | "live" => {
    // The declaration itself, and a recursion, are no use.
    const uses = variable.references.map((reference) => reference.identifier as unknown as SyntaxNode)
      .filter((use) => use.start < statement.start || use.end > statement.end);
    return uses.length === 0 ? "nowhere" : uses.every(isDead) ? "dead" : "live";
  };
  const candidates = await declarations(module);
  let found: boolean;
  do {
    found = false;
    for (const [statement, variables] of candidates) {
      const uses = variables.map((variable) => used(variable, statement));
      const isImport = statement.type === "ImportDeclaration";
      const unused = isImport && elideUnused ? uses.length > 0 : uses.includes("dead");
      if (!unused || uses.includes("live")) continue;
      dead.push(statement);
      candidates.delete(statement);
      found = true;
      if (isImport) specifiers.push(String((statement as ImportNode).source.value));
    }
  } while (found);
  return { statements: dead, specifiers };
}

type ImportNode = SyntaxNode & { source: { value: unknown } };

/** Imports, and functions that are not exported, each with the names it declares. */
async function declarations({ tree }: ParsedModule): Promise<Map<SyntaxNode, Variable[]>> {
  // Most user functions need no analysis of scopes, and start faster without the library.
  const { analyze } = await import("eslint-scope");
  const program = tree as Program;
  // The two libraries' types of one and the same ESTree differ in detail.
  const scopes = analyze(program as unknown as Parameters<typeof analyze>[0], {
    ecmaVersion: 2024,
    sourceType: "module",
  });
  const result = new Map<SyntaxNode, Variable[]>();
  for (const statement of program.body) {
    const isFunction = statement.type === "FunctionDeclaration" ||
      statement.type === "VariableDeclaration" &&
        statement.declarations.every(({ id, init }) =>
          id.type === "Identifier" &&
          (init?.type === "ArrowFunctionExpression" || init?.type === "FunctionExpression")
        );
    if (!isFunction && statement.type !== "ImportDeclaration") continue;
    const owner = statement as unknown as Parameters<typeof scopes.getDeclaredVariables>[0];
    const nodes = statement.type === "ImportDeclaration" ? statement.specifiers : [];
    result.set(
      statement,
      [
        ...scopes.getDeclaredVariables(owner),
        ...nodes.flatMap((node) => scopes.getDeclaredVariables(node as unknown as typeof owner)),
      ].filter((variable, index, all) => all.indexOf(variable) === index),
    );
  }
  return result;
}
