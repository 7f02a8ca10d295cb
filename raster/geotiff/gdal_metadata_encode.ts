/**
 * GDAL_METADATA (tag 42112): band names and other items as GDAL's small XML.
 *
 * @module
 */

/** A metadata item of the whole image or of one band. */
export interface MetadataItem {
  /** The band, from 1; absent for the whole image. */
  readonly band?: number;
  /** The item's name, such as STATISTICS_MEAN. */
  readonly name: string;
  /** Its value. */
  readonly value: string;
  /** What GDAL takes it for other than plain metadata. */
  readonly role?: "description" | "offset" | "scale" | "unittype";
}

/**
 * The XML of these items; undefined if there are none. Band names go in as descriptions, empty ones left out. Values
 * are escaped twice, as GDAL's own are: it decodes them once as XML and once more as its own.
 */
export function gdalMetadataXml(
  bandNames: readonly string[],
  items: readonly MetadataItem[],
): string | undefined {
  const named = bandNames
    .map((value, index): MetadataItem => ({
      band: index + 1,
      name: "DESCRIPTION",
      value,
      role: "description",
    }))
    .filter(({ value }) => value !== "");
  const lines = [...items, ...named].map(({ band, name, value, role }) =>
    `  <Item name="${escapeXml(name)}"${band === undefined ? "" : ` sample="${band - 1}"`}` +
    `${role === undefined ? "" : ` role="${role}"`}>${escapeXml(escapeXml(value))}</Item>\n`
  );
  return lines.length === 0 ? undefined : `<GDALMetadata>\n${lines.join("")}</GDALMetadata>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeXml(text: string): string {
  return text
    .toWellFormed()
    // deno-lint-ignore no-control-regex -- XML 1.0 has no way to write these, and NUL would end the tag
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, " ")
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
