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
/** Packages of which a worker reads files at run time, codecs in WebAssembly, by what is imported of them. */
const READING_PACKAGES: Readonly<Record<string, string>> = {
  "@cornerstonejs/codec-libjpeg-turbo-8bit": "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs",
  "lerc": "lerc",
};

/** The files and folders that every worker on this machine must be allowed to read, as absolute paths. */
export function ownReads(): string[] {
  const sources = ROOT.protocol === "file:"
    ? SOURCE_FOLDERS.map((name) => decodeURIComponent(new URL(name, ROOT).pathname))
    : [];
  return [...sources, ...packageFolders()];
}

/** Where Deno has or would put these packages: all versions of them. */
function packageFolders(): string[] {
  return Object.entries(READING_PACKAGES).flatMap(([name, specifier]) => {
    const { protocol, pathname } = new URL(import.meta.resolve(specifier));
    const path = decodeURIComponent(pathname);
    const end = path.lastIndexOf(`/${name}/`);
    return protocol === "file:" && end >= 0 ? [path.slice(0, end + name.length + 1)] : [];
  });
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
