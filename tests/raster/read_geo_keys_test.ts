import { assertEquals } from "@std/assert";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { encodeHeader, encodeIfd, HEADER_BYTES, type IfdEntry } from "../../raster/geotiff/ifd_writer.ts";
import type { RasterInfo } from "../../raster/raster_info.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";

const UTM_33N = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633];
const [BYTE, ASCII, SHORT, LONG, UNDEFINED, SSHORT, SLONG, DOUBLE] = [1, 2, 3, 4, 7, 8, 9, 12];
/** GeoKeyDirectoryTag, GeoDoubleParamsTag and GeoAsciiParamsTag. */
const [DIRECTORY, DOUBLES, TEXTS] = [34735, 34736, 34737];

/** One of the three tags in a field type. */
interface Tag {
  readonly type: number;
  readonly values: readonly number[];
}

/** A TIFF of one pixel. Its tags of the system are written as doubles first, as long as any type needs. */
function tiff(tags: Readonly<Record<number, Tag>>): Uint8Array {
  const place = { bigTiff: false, offset: HEADER_BYTES };
  const one = (tag: number, value: number): IfdEntry => ({ tag, type: "SHORT", values: [value] });
  const entries: IfdEntry[] = [
    ...[
      one(256, 1),
      one(257, 1),
      one(258, 8),
      one(259, 1),
      one(262, 1),
      one(273, 8),
      one(277, 1),
      one(278, 1),
    ],
    ...[one(279, 1)],
    ...Object.entries(tags).map(([tag, { values }]): IfdEntry => ({
      tag: Number(tag),
      type: "DOUBLE",
      values,
    })),
  ];
  const ifd = encodeIfd(entries, place);
  const view = new DataView(ifd.buffer);
  for (let at = 2; at < 2 + 12 * entries.length; at += 12) {
    const tag = tags[view.getUint16(at, true)];
    if (tag === undefined) continue;
    const valuesAt = view.getUint32(at + 8, true) - HEADER_BYTES;
    view.setUint16(at + 2, tag.type, true);
    const bytes = bytesOf(tag);
    const isInline = bytes.length <= 4;
    ifd.set(bytes, isInline ? at + 8 : valuesAt);
  }
  const file = new Uint8Array(HEADER_BYTES + ifd.length);
  file.set(encodeHeader(place));
  file.set(ifd, HEADER_BYTES);
  return file;
}

function bytesOf({ type, values }: Tag): Uint8Array {
  const size = [0, 1, 1, 2, 4, 0, 1, 1, 2, 4, 0, 0, 8][type]!;
  const bytes = new Uint8Array(size * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    const at = index * size;
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, true);
    else if (size === 4) view.setUint32(at, value, true);
    else view.setFloat64(at, value, true);
  });
  return bytes;
}

function letters(text: string): number[] {
  return [...text].map((one) => one.charCodeAt(0));
}

const ALBERS = [
  ...[1, 1, 0, 8],
  ...[1024, 0, 1, 1, 1025, 0, 1, 1, 1026, TEXTS, 5, 0, 2048, 0, 1, 4326, 3072, 0, 1, 32767],
  ...[3075, 0, 1, 11, 3078, DOUBLES, 1, 0, 3079, DOUBLES, 1, 1],
];
const PARALLELS = { type: DOUBLE, values: [29.5, 45.5] };
const NAME = { type: ASCII, values: letters("Cone|\0") };

/** Tags by what is about them, and whether they say a system. */
const CASES: Readonly<Record<string, readonly [tags: Record<number, Tag>, isSystem: boolean]>> = {
  "shorts": [{ [DIRECTORY]: { type: SHORT, values: UTM_33N } }, true],
  "longs": [{ [DIRECTORY]: { type: LONG, values: UTM_33N } }, true],
  "signed longs": [{ [DIRECTORY]: { type: SLONG, values: UTM_33N } }, true],
  "doubles": [{ [DIRECTORY]: { type: DOUBLE, values: UTM_33N } }, false],
  "text": [{ [DIRECTORY]: { type: ASCII, values: UTM_33N.map((value) => value & 127) } }, false],
  "bytes of no type": [
    { [DIRECTORY]: { type: UNDEFINED, values: UTM_33N.map((value) => value & 127) } },
    false,
  ],
  "negative shorts": [{ [DIRECTORY]: { type: SSHORT, values: [...UTM_33N.slice(0, -1), 40000] } }, false],
  "longs past a short": [{ [DIRECTORY]: { type: LONG, values: [...UTM_33N.slice(0, -1), 98169] } }, false],
  "no keys": [{ [DIRECTORY]: { type: SHORT, values: [1, 1, 0, 0, ...UTM_33N.slice(4)] } }, false],
  "three numbers": [{ [DIRECTORY]: { type: SHORT, values: [1, 1, 0] } }, false],
  "more keys than there are": [
    { [DIRECTORY]: { type: SHORT, values: [1, 1, 0, 4, ...UTM_33N.slice(4)] } },
    false,
  ],
  "another version": [{ [DIRECTORY]: { type: SHORT, values: [2, ...UTM_33N.slice(1)] } }, false],
  "another revision": [{ [DIRECTORY]: { type: SHORT, values: [1, 5, 7, ...UTM_33N.slice(3)] } }, true],
  "a count of two in place": [
    { [DIRECTORY]: { type: SHORT, values: [1, 1, 0, 1, 3072, 0, 2, 32633] } },
    false,
  ],
  "a list that does not exist": [
    { [DIRECTORY]: { type: SHORT, values: [1, 1, 0, 1, 3072, 34999, 1, 0] } },
    false,
  ],
  "parts": [{ [DIRECTORY]: { type: SHORT, values: ALBERS }, [DOUBLES]: PARALLELS, [TEXTS]: NAME }, true],
  "parts without doubles": [{ [DIRECTORY]: { type: SHORT, values: ALBERS }, [TEXTS]: NAME }, false],
  "parts with too few doubles": [
    {
      [DIRECTORY]: { type: SHORT, values: ALBERS },
      [DOUBLES]: { type: DOUBLE, values: [29.5] },
      [TEXTS]: NAME,
    },
    false,
  ],
  "parts with doubles of text": [
    {
      [DIRECTORY]: { type: SHORT, values: ALBERS },
      [DOUBLES]: { type: ASCII, values: [29, 45] },
      [TEXTS]: NAME,
    },
    false,
  ],
  "parts with doubles of longs": [
    {
      [DIRECTORY]: { type: SHORT, values: ALBERS },
      [DOUBLES]: { type: LONG, values: [29, 45] },
      [TEXTS]: NAME,
    },
    true,
  ],
  "parts without text": [{ [DIRECTORY]: { type: SHORT, values: ALBERS }, [DOUBLES]: PARALLELS }, false],
  "parts with text of shorts": [
    {
      [DIRECTORY]: { type: SHORT, values: ALBERS },
      [DOUBLES]: PARALLELS,
      [TEXTS]: { type: SHORT, values: letters("Cone|\0") },
    },
    true,
  ],
  "parts with text of bytes": [
    { [DIRECTORY]: { type: SHORT, values: ALBERS }, [DOUBLES]: PARALLELS, [TEXTS]: { ...NAME, type: BYTE } },
    true,
  ],
  "parts with a text that ends early": [
    {
      [DIRECTORY]: { type: SHORT, values: ALBERS },
      [DOUBLES]: PARALLELS,
      [TEXTS]: { type: ASCII, values: letters("Con\0") },
    },
    true,
  ],
};

async function infoOf(path: string): Promise<RasterInfo> {
  await using reader = await GeoTiffReader.open(path);
  return reader.info;
}

Deno.test("keys count only if they are sound, and else it is said that they don't", async () => {
  using folder = tempFolder();
  for (const [what, [tags, isSystem]] of Object.entries(CASES)) {
    Deno.writeFileSync(folder.file("a.tif"), tiff(tags));
    const { geoKeys, unread } = await infoOf(folder.file("a.tif"));
    assertEquals(geoKeys !== null, isSystem, what);
    const isEmpty = what === "no keys" || what === "three numbers";
    assertEquals(unread.map(({ kind }) => kind), isSystem || isEmpty ? [] : ["damagedSystem"], what);
  }
});

Deno.test("keys may share their text or numbers, but not so that a small file has any number of them", async () => {
  using folder = tempFolder();
  const [text, doubles] = [letters(`${"x".repeat(40_000)}|\0`), new Array<number>(40_000).fill(1)];
  for (const tag of [TEXTS, DOUBLES]) {
    for (const [keys, kinds] of [[3, []], [4, ["damagedSystem"]], [250, ["damagedSystem"]]] as const) {
      const shared = Array.from({ length: keys }, (_, index) => [5000 + index, tag, 40_000, 0]).flat();
      const tags = {
        [DIRECTORY]: { type: SHORT, values: [1, 1, 0, keys + 1, 1024, 0, 1, 1, ...shared] },
        [tag]: tag === TEXTS ? { type: ASCII, values: text } : { type: DOUBLE, values: doubles },
      };
      Deno.writeFileSync(folder.file("a.tif"), tiff(tags));
      const { geoKeys, unread } = await infoOf(folder.file("a.tif"));
      assertEquals([geoKeys !== null, unread.map(({ kind }) => kind)], [kinds.length === 0, [...kinds]]);
    }
  }
});

Deno.test({
  name: gdalName("keys count where they count for GDAL"),
  ignore: gdalMissing !== false,
}, async () => {
  using folder = tempFolder();
  const names = Object.keys(CASES);
  names.forEach((name, index) => Deno.writeFileSync(folder.file(`${index}.tif`), tiff(CASES[name]![0])));
  const found = JSON.parse(
    await runPython(
      `
import json, sys
from osgeo import gdal
gdal.UseExceptions(); gdal.PushErrorHandler("CPLQuietErrorHandler")
print(json.dumps([gdal.Open(path).GetSpatialRef() is not None for path in sys.argv[1:]]))
`,
      ...names.map((_, index) => folder.file(`${index}.tif`)),
    ),
  ) as boolean[];
  assertEquals(
    Object.fromEntries(names.map((name, index) => [name, found[index]])),
    Object.fromEntries(names.map((name) => [name, CASES[name]![1]])),
  );
});
