/**
 * What the files are called that lie beside a TIFF and belong to it, as GDAL names them.
 *
 * @module
 */

/** PAM, GDAL's "persistent auxiliary metadata": `scene.tif.aux.xml`. */
export function pamName(name: string): string {
  return `${name}.aux.xml`;
}

/** Overviews, a mask, and the mask's overviews, in their own TIFFs: `scene.tif.ovr`. */
export function tiffSidecarNames(name: string): { overviews: string; mask: string; maskOverviews: string } {
  return { overviews: `${name}.ovr`, mask: `${name}.msk`, maskOverviews: `${name}.msk.ovr` };
}

/**
 * World files in the order in which GDAL looks for them: `scene.tfw` (the first and the last letter of the extension),
 * `scene.tifw`, `scene.wld`. In small letters, which the file system may have in capitals.
 */
export function worldFileNames(name: string): string[] {
  const { stem, extension } = splitName(name);
  const small = extension.toLowerCase();
  const own = small.length < 2 ? [] : [`${small[0]}${small.at(-1)}w`, `${small}w`];
  return [...own, "wld"].map((one) => `${stem}.${one}`);
}

/** MapInfo's georeference, `scene.tab`. */
export function tabFileName(name: string): string {
  return `${splitName(name).stem}.tab`;
}

/** A file's name without its extension, and the extension without its dot; the folder stays with the stem. */
export function splitName(name: string): { readonly stem: string; readonly extension: string } {
  const dot = name.lastIndexOf(".");
  if (dot <= name.lastIndexOf("/")) return { stem: name, extension: "" };
  return { stem: name.slice(0, dot), extension: name.slice(dot + 1) };
}

/** A name with its last extension, the dot and what follows, in capitals: the other spelling that GDAL looks for. */
export function inCapitals(name: string): string {
  const { stem, extension } = splitName(name);
  return extension === "" ? stem : `${stem}.${extension.toUpperCase()}`;
}
