import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { toFileUrl } from "@std/path";
import { RasterError } from "../../core/errors.ts";
import { openByteSource } from "../../raster/source/byte_source.ts";
import { tempFolder } from "../gdal.ts";

Deno.test("a file gives exactly the bytes that are asked for, by path and by URL", async () => {
  using folder = tempFolder();
  const path = folder.file("a b.bin");
  Deno.writeFileSync(path, Uint8Array.of(1, 2, 3, 4, 5));
  for (const location of [path, toFileUrl(path), toFileUrl(path).href]) {
    await using source = await openByteSource(location);
    assertEquals([source.byteLength, source.name], [5, path]);
    assertEquals([...await source.read(1, 3)], [2, 3, 4]);
    assertEquals([...await source.read(5, 0)], []);
  }
});

Deno.test("a read beyond the end is refused before anything is allocated", async () => {
  using folder = tempFolder();
  const path = folder.file("x.tif");
  Deno.writeFileSync(path, Uint8Array.of(1, 2, 3, 4, 5));
  await using source = await openByteSource(path);
  for (const [offset, length] of [[4, 2], [0, 2 ** 40], [-1, 2], [2 ** 53, 1], [1.5, 1]] as const) {
    assertThrows(
      () => source.read(offset, length),
      RasterError,
      "is truncated or damaged: it refers to bytes",
    );
  }
});

Deno.test("a file that shrinks while it is read is told as truncated", async () => {
  using folder = tempFolder();
  const path = folder.file("x.tif");
  Deno.writeFileSync(path, new Uint8Array(100));
  await using source = await openByteSource(path);
  Deno.truncateSync(path, 40);
  assertThrows(() => source.read(30, 20), RasterError, "is truncated: it ended at byte 40 while it was read");
});

Deno.test("the version of a file changes when it is written again", async () => {
  using folder = tempFolder();
  const path = folder.file("x.tif");
  const versionAt = async (length: number) => {
    Deno.writeFileSync(path, new Uint8Array(length));
    await using source = await openByteSource(path);
    return source.version;
  };
  assertEquals(await versionAt(3) === await versionAt(4), false);
});

Deno.test("what can't be opened is said with its reason", async () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(folder.file("x.tif"), "");
  Deno.symlinkSync("circle.tif", folder.file("circle.tif"));
  const cases: [string | URL, string][] = [
    [folder.file("none.tif"), `Cannot open '${folder.file("none.tif")}': there is no such file`],
    [folder.path, `Cannot open '${folder.path}': it is a folder`],
    [folder.file("x.tif/y.tif"), "a part of its path is a file, not a folder"],
    [folder.file("circle.tif"), "its symbolic links lead round in circles"],
    ["/dev/null", "Cannot open '/dev/null': it is not a regular file"],
    ["ftp://u:p@host/x.tif?token=1", "Cannot open 'ftp://host/x.tif': ftp: URLs are not supported"],
    ["http://u:p@[bad/x.tif?token=1", "Cannot open 'http://[bad/x.tif': it is not a valid URL"],
  ];
  for (const [location, message] of cases) {
    if (location === "/dev/null" && Deno.build.os === "windows") continue;
    await assertRejects(() => openByteSource(location), RasterError, message);
  }
});
