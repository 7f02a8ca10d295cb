/**
 * Finding what a module imports without Deno's help.
 *
 * @module
 */
import { satisfies } from "@std/semver/satisfies";
import { parse as parseVersion } from "@std/semver/parse";
import { tryParseRange } from "@std/semver/try-parse-range";
import { exports as packageExports, imports as packageImports } from "resolve.exports";
import { ImportMap } from "./import_map.ts";
import { readableSource } from "./source_names.ts";

/** Where an import leads. */
export type Resolved =
  /** To a file, whose folder's package may say that importing it does nothing by itself. */
  | { readonly path: string; readonly sideEffects: boolean }
  /** To a module of Node's that every worker has, `node:NAME`. */
  | { readonly builtin: string }
  /** Nowhere: the reason, and whether what is wanted could get to workers in another way. */
  | { readonly problem: string; readonly otherWays?: true };

interface Package {
  readonly folder: string;
  readonly json: Readonly<Record<string, unknown>> & { readonly name: string; readonly version?: unknown };
}

/** What a specifier says of a package. */
interface PackageSpecifier {
  readonly name: string;
  /** The versions that will do; undefined for any. */
  readonly range: string | undefined;
  /** What of the package, "" or "/NAME". */
  readonly rest: string;
}

/** Finds relative files, and packages in node_modules folders, as Deno and Node do. */
export class InsideResolver {
  readonly #map: ImportMap;
  readonly #entry: string;
  readonly #builtins: ReadonlySet<string>;
  readonly #packages = new Map<string, Promise<Package["json"] | undefined>>();

  private constructor(map: ImportMap, entry: string, builtins: ReadonlySet<string>) {
    this.#map = map;
    this.#entry = entry;
    this.#builtins = builtins;
  }

  /**
   * A resolver with the import map that is nearest to the entry.
   *
   * @throws {ConfigError} if the map can't be read.
   */
  static async create(entry: URL): Promise<InsideResolver> {
    const { builtinModules } = await import("node:module");
    return new InsideResolver(
      await ImportMap.nearestTo(entry),
      readableSource(entry.href),
      new Set(builtinModules),
    );
  }

  /**
   * Where a specifier leads.
   *
   * @param specifier as it is written.
   * @param importer the absolute path of the file that it stands in.
   * @param isRequire true for `require()`, false for `import`.
   */
  async resolve(specifier: string, importer: string, isRequire: boolean): Promise<Resolved> {
    const inPackage = importer.includes("/node_modules/");
    const url = new URL(`file://${importer.split("/").map(encodeURIComponent).join("/")}`);
    const wanted = inPackage ? specifier : this.#map.apply(specifier, url);
    if (wanted.endsWith(".node")) {
      return { problem: `it loads the native add-on '${wanted.split("/").at(-1)}'`, otherWays: true };
    }
    if (wanted.startsWith("node:")) return { builtin: wanted };
    if (this.#builtins.has(wanted)) return { builtin: `node:${wanted}` };
    if (wanted.startsWith("file:")) return await this.#file(readableSource(wanted), specifier, false);
    if (/^\.{0,2}(\/|$)/.test(wanted)) {
      return await this.#file(readableSource(new URL(wanted, url).href), specifier, inPackage || isRequire);
    }
    if (wanted.startsWith("#")) return await this.#own(wanted, importer, isRequire);
    const npm = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)(?:@([^/]+))?(\/.*)?$/.exec(wanted);
    if (npm !== null) {
      const [, name, range, rest = ""] = npm;
      return await this.#package({ name: name!, range, rest }, importer, isRequire);
    }
    if (/^[a-z][a-z+.-]*:/.test(wanted)) {
      return { problem: `it imports '${wanted}', which only \`deno bundle\` can fetch`, otherWays: true };
    }
    const bare = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(wanted);
    if (bare === null) return { problem: `'${specifier}' is no module's name` };
    const [, name, rest = ""] = bare;
    return await this.#package({ name: name!, range: undefined, rest }, importer, isRequire);
  }

  async #package(
    { name, range, rest }: PackageSpecifier,
    importer: string,
    isRequire: boolean,
  ): Promise<Resolved> {
    const found = await this.#installed(name, importer) ??
      // A file that stands outside the project, reached by "..", still means the project's packages.
      (importer.includes("/node_modules/") ? undefined : await this.#installed(name, this.#entry));
    if (found === undefined) {
      return {
        problem:
          `the npm package '${name}' is in no node_modules folder above '${importer}': run \`npm install ${name}\``,
      };
    }
    const parsed = range === undefined ? undefined : tryParseRange(range);
    const version = String(found.json.version);
    if (parsed !== undefined && !satisfies(parseVersion(version), parsed)) {
      return { problem: `it imports ${name}@${range}, but '${found.folder}' is version ${version}` };
    }
    const sideEffects = found.json["sideEffects"] !== false;
    const path = entryOf(found.json, rest, isRequire);
    if (typeof path !== "string") return { problem: `the package '${name}' does not export '.${rest}'` };
    const file = await this.#file(`${found.folder}/${path}`, name + rest, true);
    return "path" in file ? { ...file, sideEffects } : file;
  }

  /** A package's name for a file of its own: `#name`. */
  async #own(specifier: string, importer: string, isRequire: boolean): Promise<Resolved> {
    for (let folder = parentOf(importer); folder !== undefined; folder = parentOf(folder)) {
      const json = await this.#readPackage(folder);
      if (json === undefined) continue;
      const target = attempt(() => packageImports(json, specifier, conditions(isRequire)))?.[0];
      if (target === undefined) break;
      return target.startsWith("./")
        ? await this.#file(`${folder}/${target}`, specifier, true)
        : await this.resolve(target, importer, isRequire);
    }
    return { problem: `'${specifier}' is in no package's imports` };
  }

  async #installed(name: string, importer: string): Promise<Package | undefined> {
    for (let folder = parentOf(importer); folder !== undefined; folder = parentOf(folder)) {
      const candidate = `${folder}/node_modules/${name}`;
      const json = await this.#readPackage(candidate);
      // Real paths, as one package may be linked into many folders.
      if (json !== undefined) return { folder: await Deno.realPath(candidate), json };
    }
    return undefined;
  }

  /** Package files are read once each. */
  #readPackage(folder: string): Promise<Package["json"] | undefined> {
    let json = this.#packages.get(folder);
    if (json === undefined) this.#packages.set(folder, json = readPackage(`${folder}/package.json`));
    return json;
  }

  /** A file by its path; in packages also by what Node adds to a path. */
  async #file(path: string, specifier: string, nodeRules: boolean): Promise<Resolved> {
    const ends = nodeRules ? ["", ".js", ".json", ".mjs", ".cjs", "/index.js", "/index.json"] : [""];
    for (const end of ends) {
      if (await isFile(path.replace(/\/$/, "") + end)) {
        return { path: await Deno.realPath(path.replace(/\/$/, "") + end), sideEffects: true };
      }
    }
    if (nodeRules) {
      const main = (await this.#readPackage(path.replace(/\/$/, "")))?.["main"];
      if (typeof main === "string") {
        return await this.#file(`${path}/${main}`, specifier, !path.endsWith(main));
      }
    }
    return {
      problem: `Module not found '${path}'${specifier === path ? "" : `, which '${specifier}' stands for`}`,
    };
  }
}

/** The file of a package that `rest` ("" or "/NAME") means, relative to its folder. */
function entryOf(json: Package["json"], rest: string, isRequire: boolean): string | undefined {
  if (json["exports"] !== undefined && json["exports"] !== null) {
    return attempt(() => packageExports(json, `.${rest}`, conditions(isRequire)))?.[0];
  }
  if (rest !== "") return rest.slice(1);
  return typeof json["main"] === "string" && json["main"] !== "" ? json["main"] : "index.js";
}

function conditions(isRequire: boolean): { require: boolean; conditions: string[]; unsafe: true } {
  return {
    require: isRequire,
    unsafe: true,
    conditions: ["deno", "node", isRequire ? "require" : "import", "module-sync"],
  };
}

/** The library throws for what a package does not have. */
function attempt(find: () => string[] | undefined | void): string[] | undefined {
  try {
    return find() ?? undefined;
  } catch {
    // Its message knows neither the importer nor the user's words; the caller's does.
    return undefined;
  }
}

async function readPackage(file: string): Promise<Package["json"] | undefined> {
  try {
    const json: unknown = JSON.parse(await Deno.readTextFile(file));
    return typeof json === "object" && json !== null ? json as Package["json"] : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

function parentOf(path: string): string | undefined {
  const at = path.lastIndexOf("/");
  return at < 0 || path === "" ? undefined : path.slice(0, at);
}
