/**
 * GDAL_METADATA (tag 42112): a small XML document of items.
 *
 * @module
 */

import { decodeEntities, XmlError, xmlEvents } from "./xml_events.ts";

/** More metadata than any image has; what stands behind it is not looked at. */
export const MAX_METADATA_BYTES = 4 << 20;

/** A band's name is cut here: it is for people. */
const MAX_NAME_CHARS = 1000;

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

/**
 * The items of a GDAL_METADATA document. From where it is not well-formed on it is passed over, as it is only metadata.
 */
export function parseGdalMetadata(xml: string): GdalMetadataItem[] {
  const items: GdalMetadataItem[] = [];
  let item: { attributes: ReadonlyMap<string, string>; texts: string[] } | undefined;
  try {
    for (const event of xmlEvents(xml)) {
      if (event.kind === "open") {
        item = event.name === "Item" ? { attributes: event.attributes, texts: [] } : undefined;
      } else if (event.kind === "text") item?.texts.push(event.text);
      else {
        if (item) items.push(itemOf(item.attributes, item.texts.join("")));
        item = undefined;
      }
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
  }
  return items;
}

function itemOf(attributes: ReadonlyMap<string, string>, text: string): GdalMetadataItem {
  const sample = attributes.get("sample");
  return {
    name: attributes.get("name") ?? "",
    sample: sample !== undefined && /^\d{1,9}$/.test(sample) ? Number(sample) : undefined,
    role: attributes.get("role") ?? "",
    // GDAL escapes values twice when it writes, and takes both off when it reads.
    value: decodeEntities(text),
  };
}

/** The band descriptions in `items`, one a band; "" where there is none. */
export function bandNamesOf(items: readonly GdalMetadataItem[], bands: number): string[] {
  const names = new Array<string>(bands).fill("");
  for (const { sample, role, value } of items) {
    if (role !== "description" || sample === undefined || sample >= bands) continue;
    names[sample] = value.slice(0, MAX_NAME_CHARS);
  }
  return names;
}
