import { assert, assertEquals, assertRejects } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { MemorySource } from "./memory_source.ts";
import { buildTiff, imageFields, type TinyDirectory, type TinyTiff } from "./tiny_tiff.ts";

/** An image of one value; `kind` is its NewSubfileType, undefined for none. */
function page(side: number, kind: number | undefined, value: number): TinyDirectory {
  return {
    fields: imageFields({ width: side, height: side }, kind === undefined ? [] : [[254, 4, [kind]]]),
    chunks: [new Uint8Array(side * side).fill(value)],
  };
}

async function read(tiff: TinyTiff | Uint8Array<ArrayBuffer>) {
  const source = new MemorySource(tiff instanceof Uint8Array ? tiff : buildTiff(tiff));
  await using reader = await GeoTiffReader.openSource(source);
  const { info } = reader;
  const window = { left: 0, top: 0, ncols: info.width, nrows: info.height };
  return { info, pixels: [...await reader.readWindow(window)] };
}

Deno.test("the first directory is the image, the reduced ones are its overviews, masks and other pages are told", async () => {
  const directories = [
    page(8, 0, 1),
    page(8, 4, 2),
    page(2, 1, 9),
    page(4, 1, 3),
    page(4, 5, 4),
    page(6, 0, 5),
  ];
  const { info, pixels } = await read({ directories });
  assertEquals(pixels, new Array(64).fill(1));
  assertEquals(info.overviews, [{ width: 4, height: 4 }, { width: 2, height: 2 }]);
  assertEquals(info.unread, [
    { kind: "mask", what: "a mask of valid pixels" },
    { kind: "pages", what: "one more image (directory 6)" },
  ]);
});

Deno.test("a first directory that says it is a mask or reduced is the image all the same, as in GDAL", async () => {
  for (const kind of [1, 4, 5]) {
    const { info, pixels } = await read({ directories: [page(2, kind, 7), page(8, undefined, 1)] });
    assertEquals([info.width, pixels], [2, [7, 7, 7, 7]]);
    assertEquals(info.unread, [{ kind: "pages", what: "one more image (directory 2)" }]);
  }
});

Deno.test("a bad directory after the first is told, and the image is read", async () => {
  const good = page(4, 0, 6);
  const cases: [string, Uint8Array<ArrayBuffer>][] = [
    [
      "it refers to bytes 2147483647 to 2147483648",
      buildTiff({ directories: [good], lastNextOffset: 0x7fffffff }),
    ],
    ["it refers to bytes 4294967295", buildTiff({ directories: [good], lastNextOffset: 0xffffffff })],
    ["the directories form a loop at byte", buildTiff({ directories: [good], lastNextOffset: "first" })],
    [
      "the directories form a loop at byte",
      buildTiff({ directories: [good, good], lastNextOffset: "first" }),
    ],
    // Byte 8 is the first of the pixels, which are all 6: 0x0606 entries.
    ["it refers to bytes 10 to", buildTiff({ directories: [good], lastNextOffset: 8 })],
    [
      "the file ends where the place of the next directory must stand",
      buildTiff({ directories: [good] }).slice(0, -4),
    ],
    ["it refers to bytes", buildTiff({ directories: [good], bigTiff: true, lastNextOffset: 2 ** 60 })],
  ];
  for (const [reason, bytes] of cases) {
    const { info, pixels } = await read(bytes);
    assertEquals(pixels, new Array(16).fill(6), reason);
    assertEquals(info.unread.map(({ kind }) => kind).filter((kind) => kind !== "pages"), [
      "damagedDirectory",
    ]);
    assert(
      info.unread.at(-1)!.what.startsWith(`a damaged list of directories (${reason}`),
      info.unread.at(-1)!.what,
    );
  }
});

Deno.test("a first directory that is missing, empty, too long or cut off is refused", async () => {
  const bytes = buildTiff({ directories: [page(4, 0, 6)] });
  const view = new DataView(bytes.buffer);
  const first = view.getUint32(4, true);
  const damaged = (change: (view: DataView) => void) => {
    const copy = bytes.slice();
    change(new DataView(copy.buffer));
    return copy;
  };
  const cases: [string, Uint8Array<ArrayBuffer>][] = [
    ["its first directory is missing", damaged((view) => view.setUint32(4, 0, true))],
    ["claims 0 entries", damaged((view) => view.setUint16(first, 0, true))],
    ["claims 4097 entries", damaged((view) => view.setUint16(first, 4097, true))],
    ["it refers to bytes", bytes.slice(0, first + 20)],
  ];
  for (const [reason, damage] of cases) {
    const { message } = await assertRejects(() => read(damage), RasterError);
    assert(message.includes(reason), message);
  }
});

Deno.test("directories full of entries take no more memory than what is used of them", async () => {
  const entries = 4096;
  const chain = 300;
  const size = 2 + 12 * entries + 4;
  const image = buildTiff({ directories: [page(4, 0, 6)], lastNextOffset: 1024 });
  const bytes = new Uint8Array(1024 + chain * size);
  bytes.set(image);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < chain; i++) {
    const at = 1024 + i * size;
    view.setUint16(at, entries, true);
    for (let entry = 0; entry < entries; entry++) {
      const from = at + 2 + 12 * entry;
      view.setUint16(from, 1000 + entry, true);
      view.setUint16(from + 2, 1, true);
      view.setUint32(from + 4, 4, true);
    }
    view.setUint32(at + size - 4, i === chain - 1 ? 0 : at + size, true);
  }
  const before = Deno.memoryUsage().heapUsed;
  const { info } = await read(bytes);
  // As objects the 1.2 million entries took 200 MB.
  assert(Deno.memoryUsage().heapUsed - before < 64 << 20);
  assertEquals(info.unread, [{ kind: "pages", what: "300 more images (from directory 2 on)" }]);
});

Deno.test("directories that lie over one another end the walk", async () => {
  const image = buildTiff({ directories: [page(4, 0, 6)], lastNextOffset: 1024 });
  const bytes = new Uint8Array(9000);
  bytes.set(image);
  const view = new DataView(bytes.buffer);
  // Each directory begins 14 bytes after the one before, in its entries, and has 300 of its own.
  for (let i = 0; i < 200; i++) {
    const at = 1024 + 14 * i;
    view.setUint16(at, 300, true);
    view.setUint32(at + 2 + 300 * 12, at + 14, true);
  }
  const { info } = await read(bytes);
  assert(info.unread.some(({ what }) => what.includes("lies over others")), JSON.stringify(info.unread));
});
