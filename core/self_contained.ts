/**
 * Functions given as values: their text is sent to the workers, so they may use nothing from around them.
 *
 * @module
 */
import { ConfigError, messageOf } from "./errors.ts";

/**
 * The text of a module whose default export is the function.
 *
 * Parsing and scope analysis are acorn's and eslint-scope's; both are loaded only here.
 *
 * @throws {ConfigError} if the function uses names from around it, is native or bound, or uses `this` or `super`.
 */
export async function selfContainedModule(
  userFunction: (...args: never[]) => unknown,
): Promise<string> {
  const name = userFunction.name || "user function";
  const { parse } = await import("acorn");
  const source = Function.prototype.toString.call(userFunction);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
    throw new ConfigError(
      `The function '${name}' is native or made by bind(), so its text can't be sent to a worker. ` +
        `Put it into a module of its own and give that`,
    );
  }
  const program = [`(${source})`, `({${source}})[${JSON.stringify(userFunction.name)}]`].find((text) => {
    try {
      parse(text, PARSE_OPTIONS);
      return true;
    } catch {
      // A method's shorthand is no expression; the second form is for it.
      return false;
    }
  });
  if (program === undefined) {
    throw new ConfigError(
      `The text of the function '${name}' can't be sent to a worker. Put it into a module and give that`,
    );
  }
  const borrowed = outerBinding(parse(program, PARSE_OPTIONS), false);
  if (borrowed !== undefined) {
    throw new ConfigError(
      `The function '${name}' uses '${borrowed}', which is not the same in a worker. Do without it, or put the function ` +
        `into a module`,
    );
  }
  const outside = await namesFromOutside(program);
  if (outside.length > 0) {
    throw new ConfigError(
      `The function '${name}' uses ${
        outside.map((used) => `'${used}'`).join(", ")
      } from outside itself, which a worker ` +
        `does not have. Move it inside the function, hand it over in otherArgs, or put the function into a module`,
    );
  }
  return `export default ${program};\n`;
}

const PARSE_OPTIONS = { ecmaVersion: "latest", sourceType: "module", ranges: true } as const;

/** `this`, `super` or `import.meta`, if the text uses one that is not of a function or class within the user function. */
function outerBinding(node: object, inFunction: boolean): string | undefined {
  const { type } = node as { type?: string };
  if (type === "ThisExpression") return "this";
  if (type === "Super") return "super";
  if (type === "MetaProperty") {
    const { meta } = node as { meta: { name: string } };
    return meta.name === "import" ? "import.meta" : undefined;
  }
  const ownsThis = type === "FunctionExpression" || type === "FunctionDeclaration";
  for (const value of ownsThis && inFunction || type === "ClassBody" ? [] : Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child !== "object" || child === null) continue;
      const found = outerBinding(child, inFunction || ownsThis || type === "ArrowFunctionExpression");
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

async function namesFromOutside(program: string): Promise<string[]> {
  const [{ parse }, { analyze }] = await Promise.all([import("acorn"), import("eslint-scope")]);
  try {
    const tree = parse(program, PARSE_OPTIONS);
    // The two libraries' types of one and the same ESTree differ in detail.
    const scopes = analyze(tree as unknown as Parameters<typeof analyze>[0], {
      ecmaVersion: 2024,
      sourceType: "module",
    });
    const names = new Set<string>();
    for (const reference of scopes.globalScope?.through ?? []) {
      if (!(reference.identifier.name in globalThis)) names.add(reference.identifier.name);
    }
    return [...names];
  } catch (error) {
    throw new ConfigError(`The user function's text can't be read: ${messageOf(error)}`, { cause: error });
  }
}
