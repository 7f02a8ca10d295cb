import { assertEquals } from "@std/assert";
import { isFileUrl, isRemote, isUrl } from "../../raster/source/location.ts";
import { realLocation } from "../../raster/source/real_location.ts";
import { workerAccess } from "../../raster/worker_access.ts";
import { tempFolder } from "../gdal.ts";

/** A location, and whether it is a URL, on a server, a file's URL. */
const LOCATIONS: readonly (readonly [string, boolean, boolean, boolean])[] = [
  ["http://host/a.tif", true, true, false],
  ["HTTPS://Host/a.tif", true, true, false],
  ["file:///a.tif", true, false, true],
  ["File:/a.tif", true, false, true],
  ["s3://bucket/a.tif", true, false, false],
  ["/folder/a.tif", false, false, false],
  ["a:b.tif", false, false, false],
  ["http:a.tif", false, false, false],
  ["C:\\scene.tif", false, false, false],
];

Deno.test("paths, files' URLs and servers' URLs are told apart, whatever the case of their letters", () => {
  for (const [location, ...expected] of LOCATIONS) {
    assertEquals([isUrl(location), isRemote(location), isFileUrl(location)], expected, location);
  }
});

Deno.test("workers may reach the servers of their inputs and read their files, links followed", () => {
  using folder = tempFolder();
  const [file, link] = [folder.file("a b.tif"), folder.file("link.tif")];
  Deno.writeTextFileSync(file, "");
  Deno.symlinkSync(file, link);
  const real = Deno.realPathSync(file);
  const gone = folder.file("gone.tif");
  const inputs = ["HTTP://Host:8080/a.tif", link, `FILE://${encodeURI(file)}`, gone].map((location) => ({
    openAs: realLocation(location),
    server: isRemote(location) ? "store:9000" : undefined,
  }));
  assertEquals(workerAccess({ isConfined: true, inputs, module: "file:///my%20code/f.ts" }), {
    read: [...new Set([real, gone, "/my code/f.ts"])],
    net: ["host:8080", "store:9000"],
    importsModule: true,
  });
});

Deno.test("a path that leads nowhere is left as it is, for its opening to say why", () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(folder.file("x.tif"), "");
  Deno.symlinkSync("circle.tif", folder.file("circle.tif"));
  for (const name of ["none.tif", "x.tif/y.tif", "circle.tif"]) {
    assertEquals(realLocation(folder.file(name)), folder.file(name));
  }
});
