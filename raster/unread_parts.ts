/**
 * What files say that blockfleet does not use: told to the user, since the pixels may not mean what he thinks without it.
 *
 * @module
 */

/** The kinds of what is not used; `info --json` has them by these names. */
export type UnreadKind =
  | "groundControlPoints"
  | "rationalPolynomials"
  | "mask"
  | "scaleAndOffset"
  | "colourTable"
  | "pages"
  | "tabFile"
  | "damagedSidecar"
  | "longMetadata"
  | "longSidecar"
  | "damagedSystem"
  | "damagedPlace"
  | "damagedDirectory"
  | "nodata";

/**
 * One thing that a raster says and that is not used. To report a new one, push it to the parts that make
 * {@linkcode RasterInfo.unread} (`raster/geotiff/read_raster_info.ts`): `what` is a short noun phrase that follows
 * "has" ("12 ground control points", "a mask in 'a.tif.msk'"), in one line and without control characters; a new kind
 * needs a line in `CONSEQUENCES` below it. `info` and the run's notices follow from that.
 */
export interface UnreadPart {
  /** Of which kind it is. */
  readonly kind: UnreadKind;
  /** What there is, in words. */
  readonly what: string;
}

/** What it means that each is not used, and what to do: the end of a sentence that begins with who has what. */
const CONSEQUENCES: Readonly<Record<UnreadKind, string>> = {
  groundControlPoints:
    "which place no pixel here: it counts as lying nowhere. With three or more of them gdalwarp IN.tif OUT.tif makes a " +
    "file that has a place",
  rationalPolynomials: "which are not used. gdalwarp -rpc IN.tif OUT.tif makes a file that has a place",
  mask: "which is not read: the function gets masked pixels as any others. " +
    "gdal_translate -b mask IN.tif OUT.tif makes a file of the mask, to be read as an input of its own",
  scaleAndOffset: "which are not applied: the function gets the numbers as they are stored. " +
    "gdal_translate -unscale -ot Float32 IN.tif OUT.tif applies them",
  colourTable: "which is not used: the function gets the table's indexes, not colours. " +
    "gdal_translate -expand rgb IN.tif OUT.tif makes bands of colours",
  pages: "of which nothing is read: the first image is all that counts. With a directory's number for N, " +
    "gdal_translate GTIFF_DIR:N:IN.tif OUT.tif takes its image out",
  tabFile:
    "whose place is not read: it counts as lying nowhere. gdal_translate IN.tif OUT.tif writes it into the file",
  damagedSidecar:
    "which is passed over: what it says of place, coordinate system and nodata values is not used",
  longMetadata: "of which only the beginning is read: names, scales and offsets may be missing",
  longSidecar: "of which only the beginning is read: what stands behind it is not used",
  damagedSystem:
    "which says nothing: it counts as none, as for GDAL. gdal_edit.py -a_srs SYSTEM FILE gives the file one",
  damagedPlace: "which is not used: it counts as lying nowhere. " +
    "gdal_translate -a_ullr ULX ULY LRX LRY IN.tif OUT.tif makes a file that has a place",
  damagedDirectory:
    "which is passed over: overviews, masks or images may be missing, but the image itself is read",
  nodata: "which no pixel can have: it counts as none. --nodata NAME:VALUE (inputNoData) gives another",
};

/** A file and what of it is not used. */
export interface FileWithUnread {
  /** The path or URL, for people. */
  readonly location: string;
  /** Its unread parts. */
  readonly unread: readonly UnreadPart[];
}

/** Lines for the user of a run: one a kind, with the first file that has it and the number of the others. */
export function unreadNotices(files: readonly FileWithUnread[]): string[] {
  const byKind = new Map<UnreadKind, { first: string; what: string; others: Set<string> }>();
  for (const { location, unread } of files) {
    for (const { kind, what } of unread) {
      const known = byKind.get(kind);
      if (known === undefined) byKind.set(kind, { first: location, what, others: new Set() });
      else if (known.first !== location) known.others.add(location);
    }
  }
  return [...byKind].map(([kind, { first, what, others }]) => {
    const more = others.size === 0
      ? ""
      : ` (and ${others.size} more ${others.size === 1 ? "file" : "files"})`;
    return `'${first}'${more} has ${what}, ${CONSEQUENCES[kind]}`;
  });
}
