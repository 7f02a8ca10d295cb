/**
 * What a confined worker must read of this package, and of the packages that it stands on.
 *
 * Not the whole clone, in which a user may keep scenes, notes and a `.git`; and not the whole of Deno's folder, which has a
 * history of what was typed and the code of other projects.
 *
 * @module
 */

/** Where this package's modules are. */
const ROOT = new URL("../", import.meta.url);

/** Folders of the modules of which a worker starts threads, and of all that those import. */
const SOURCE_FOLDERS = ["core", "raster"];
/** Packages of which a worker reads files at run time: codecs in WebAssembly. All others are only imported. */
const READING_PACKAGES = ["@cornerstonejs/codec-libjpeg-turbo-8bit", "lerc"];
/** The folder of a registry's packages in Deno's cache, if it can't be seen which there are. */
const USUAL_REGISTRY = "registry.npmjs.org";

/** The files and folders that every worker on this machine must be allowed to read, as absolute paths. */
export function ownReads(): string[] {
  const sources = ROOT.protocol === "file:"
    ? SOURCE_FOLDERS.map((name) => decodeURIComponent(new URL(name, ROOT).pathname))
    : [];
  return [...sources, ...packageFolders()];
}

function packageFolders(): string[] {
  const folder = denoFolder();
  if (folder === undefined) return [];
  return registries(`${folder}/npm`).flatMap((registry) =>
    READING_PACKAGES.map((name) => `${folder}/npm/${registry}/${name}`)
  );
}

/** A registry that is not npm's own has a folder by its host's name. */
function registries(folder: string): string[] {
  try {
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    return names.length === 0 ? [USUAL_REGISTRY] : names;
  } catch (error) {
    const isUnseen = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied;
    if (isUnseen) return [USUAL_REGISTRY];
    throw error;
  }
}

/** Deno's folder of what it has fetched; undefined if the environment does not say where it is. */
export function denoFolder(): string | undefined {
  const set = Deno.env.get("DENO_DIR");
  if (set) return set;
  const cache = Deno.env.get("XDG_CACHE_HOME");
  if (cache) return `${cache}/deno`;
  const home = Deno.env.get("HOME");
  if (!home) return undefined;
  return Deno.build.os === "darwin" ? `${home}/Library/Caches/deno` : `${home}/.cache/deno`;
}
