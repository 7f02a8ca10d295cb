/**
 * The import map that is nearest to a module.
 *
 * @module
 */
import { parse } from "@std/jsonc";
import { ConfigError, messageOf } from "../errors.ts";

type Imports = Readonly<Record<string, unknown>>;

/** What is used of a configuration or an import map's file. */
interface MapFile {
  readonly imports?: Imports;
  readonly scopes?: Readonly<Record<string, Imports>>;
  readonly importMap?: unknown;
}

/** The import map of a deno.json, with the file that its relative targets are relative to. */
export class ImportMap {
  readonly #base: URL;
  readonly #imports: Imports;
  readonly #scopes: readonly (readonly [string, Imports])[];

  private constructor(base: URL, json: MapFile) {
    this.#base = base;
    this.#imports = json.imports ?? {};
    // A longer scope is a nearer one.
    this.#scopes = Object.entries(json.scopes ?? {})
      .map(([scope, imports]) => [new URL(scope, base).href, imports] as const)
      .sort(([a], [b]) => b.length - a.length);
  }

  /**
   * Reads the nearest deno.json or deno.jsonc above a module, and the file that its `importMap` names.
   *
   * @throws {ConfigError} if there is one that can't be read.
   */
  static async nearestTo(module: URL): Promise<ImportMap> {
    for (let folder = new URL(".", module);; folder = new URL("..", folder)) {
      for (const name of ["deno.json", "deno.jsonc"]) {
        const file = new URL(name, folder);
        const config = await readJson(file);
        if (config === undefined) continue;
        if (typeof config.importMap !== "string") return new ImportMap(file, config);
        const mapFile = new URL(config.importMap, file);
        return new ImportMap(mapFile, await readJson(mapFile) ?? {});
      }
      if (folder.pathname === "/") return new ImportMap(folder, {});
    }
  }

  /** What a specifier stands for: an absolute URL for what the map holds, else the specifier itself. */
  apply(specifier: string, importer: URL): string {
    const maps = this.#scopes.filter(([scope]) =>
      scope.endsWith("/") ? importer.href.startsWith(scope) : importer.href === scope
    )
      .map(([, imports]) => imports);
    const wanted = /^\.{0,2}\//.test(specifier) ? new URL(specifier, importer).href : specifier;
    for (const imports of [...maps, this.#imports]) {
      const keys = Object.keys(imports).sort((a, b) => b.length - a.length);
      for (const key of keys) {
        const from = /^\.{0,2}\//.test(key) ? new URL(key, this.#base).href : key;
        const target = imports[key];
        if (
          typeof target !== "string" || !(wanted === from || from.endsWith("/") && wanted.startsWith(from))
        ) continue;
        const rest = wanted.slice(from.length);
        return /^\.{0,2}\//.test(target) ? new URL(target + rest, this.#base).href : target + rest;
      }
      // Deno reads `"x": "npm:x"` as if `"x/": "npm:x/"` stood beside it.
      for (const key of keys) {
        const target = imports[key];
        if (typeof target === "string" && /^(npm|jsr):/.test(target) && wanted.startsWith(`${key}/`)) {
          return target + wanted.slice(key.length);
        }
      }
    }
    return wanted;
  }
}

async function readJson(file: URL): Promise<MapFile | undefined> {
  try {
    const value = parse(await Deno.readTextFile(file));
    if (typeof value === "object" && value !== null) return value;
    throw new TypeError("it is no object");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new ConfigError(`Cannot read '${decodeURIComponent(file.pathname)}': ${messageOf(error)}`, {
      cause: error,
    });
  }
}
