/**
 * GDAL_METADATA (tag 42112): a small XML document of items.
 *
 * @module
 */

/** One item. */
export interface GdalMetadataItem {
  /** `STATISTICS_MEAN`, `DESCRIPTION`, ... */
  readonly name: string;
  /** The band, counted from 0; undefined for the whole file. */
  readonly sample: number | undefined;
  /** What GDAL uses it for: `description`, `scale`, ... "" if it does not say. */
  readonly role: string;
  /** Its text, entities decoded. */
  readonly value: string;
}

/** The items of a GDAL_METADATA document. What is not well-formed is passed over, as it is only metadata. */
export function parseGdalMetadata(xml: string): GdalMetadataItem[] {
  const items: GdalMetadataItem[] = [];
  for (const match of xml.matchAll(/<Item\b([^<>]*)>([^<]*)<\/Item\s*>/g)) {
    const attributes = parseAttributes(match[1]!);
    const sample = attributes.get("sample");
    items.push({
      name: attributes.get("name") ?? "",
      sample: sample !== undefined && /^\d+$/.test(sample) ? Number(sample) : undefined,
      role: attributes.get("role") ?? "",
      // GDAL escapes values twice when it writes, and takes both off when it reads.
      value: decodeEntities(decodeEntities(match[2]!)),
    });
  }
  return items;
}

/** The band descriptions in `items`, one a band; "" where there is none. */
export function bandNamesOf(items: readonly GdalMetadataItem[], bands: number): string[] {
  const names = new Array<string>(bands).fill("");
  for (const { sample, role, value } of items) {
    if (role === "description" && sample !== undefined && sample < bands) names[sample] = value;
  }
  return names;
}

function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    attributes.set(name!, decodeEntities(double ?? single ?? ""));
  }
  return attributes;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
