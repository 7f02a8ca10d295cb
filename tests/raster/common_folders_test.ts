import { assert, assertEquals, assertThrows } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { commonFolders } from "../../raster/common_folders.ts";

function numbered(count: number, path: (n: number) => string): string[] {
  return Array.from({ length: count }, (_, n) => path(n));
}

function bytesOf(paths: readonly string[]): number {
  return new TextEncoder().encode(paths.join(",")).length;
}

Deno.test("a list that is short enough stays as it is", () => {
  const files = ["/a/b.tif", "/a/c.tif", "/d.tif"];
  assertEquals(commonFolders(files, { mostBytes: 100 }), { paths: files, folders: [] });
});

Deno.test("the folder of most files stands for them, and files elsewhere stay listed by name", () => {
  const tiles = numbered(50, (n) => `/data/tiles/${n}.tif`);
  const few = ["/home/me/mask.tif", "/home/me/dem.tif"];
  const { paths, folders } = commonFolders([...few, ...tiles], { mostBytes: 200 });
  assertEquals([paths.toSorted(), folders], [["/data/tiles", ...few.toSorted()], ["/data/tiles"]]);
});

Deno.test("scenes in a folder each are permitted by the folder above them all", () => {
  const scenes = numbered(400, (n) => `/archive/landsat/LC08_${n}/B${n % 7}.tif`);
  assertEquals(commonFolders(scenes, { mostBytes: 2000 }), {
    paths: ["/archive/landsat"],
    folders: ["/archive/landsat"],
  });
});

Deno.test("every file of a shortened list is in it or below a folder of it, and the list is short enough", () => {
  const files = numbered(3000, (n) => `/ä${n % 3}/${n % 40}/${n % 7}/scene_${n}.tif`);
  for (const most of [40_000, 4000, 400, 40]) {
    const { paths } = commonFolders(files, { mostBytes: most });
    assert(bytesOf(paths) <= most, `${bytesOf(paths)} of ${most}`);
    const covered = (file: string) => paths.some((path) => file === path || file.startsWith(`${path}/`));
    assertEquals(files.filter((file) => !covered(file)), []);
    assert(!paths.includes("/"));
  }
});

Deno.test("files that have nothing in common but the root folder are refused: it would permit everything", () => {
  const files = numbered(100, (n) => `/disk${n}/a.tif`);
  assertThrows(
    () => commonFolders(files, { mostBytes: 200 }),
    RasterError,
    "too much: put them into one folder",
  );
});

Deno.test("neither the home folder nor one above it ever stands for the files in it", () => {
  const inHome = numbered(100, (n) => `/users/me/${n}.tif`);
  for (const home of ["/users/me", "/users/me/deeper"]) {
    assertThrows(
      () => commonFolders(inHome, { mostBytes: 200, home }),
      RasterError,
      "'/users/me', which is too much",
    );
  }
  assertEquals(commonFolders(inHome, { mostBytes: 200, home: "/users/you" }).folders, ["/users/me"]);
  const below = numbered(100, (n) => `/users/me/scenes/${n}.tif`);
  assertEquals(commonFolders(below, { mostBytes: 200, home: "/users/me" }).folders, ["/users/me/scenes"]);
});
