import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError, RasterError } from "../../core/errors.ts";
import { CW_SUBPROC } from "../../core/kinds.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import type { PixelGrid } from "../../raster/pixel_grid.ts";
import { readFileInfo } from "../../raster/sidecars/read_file_info.ts";
import { InputChangedError } from "../../raster/source/version.ts";
import { tempFolder } from "../gdal.ts";
import { assertSamePixels, filesIn, makeRaster, readRaster, run, STYLES } from "./apply_support.ts";
import { resumeScene } from "./resume_support.ts";
import { serveRanges } from "./range_server.ts";

type Folder = ReturnType<typeof tempFolder>;

const PLACELESS = { width: 40, height: 30, geotransform: null, geoKeys: null, holes: 0 } as const;

/** A place of 10 m pixels, as PAM and as a world file have it. */
const pamPlace = (x: number) => `<GeoTransform>${x}, 10, 0, 5000000, 0, -10</GeoTransform>`;
const worldPlace = (x: number) => `10\n0\n0\n-10\n${x + 5}\n4999995\n`;

function pam(folder: Folder, name: string, body: string): void {
  Deno.writeTextFileSync(folder.file(`${name}.aux.xml`), `<PAMDataset>${body}</PAMDataset>`);
}

const copy: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

/** Pixels of the last tile that has any. */
const mosaic: ApplyOptions["userFunction"] = (_info, { tiles }, outputs) => {
  const out = tiles[0].data.slice();
  for (const { data, nodata } of tiles.slice(1)) {
    for (let at = 0; at < out.length; at++) if (data[at] !== nodata) out[at] = data[at];
  }
  outputs.out = out;
};

/** Two tiles side by side that only files beside them place: the left one by a world file, the right one by PAM. */
function twoTiles(
  folder: Folder,
): { readonly job: ApplyOptions; readonly expected: Uint16Array<ArrayBuffer> } {
  const images = ["left.tif", "right.tif"].map((name, index) => {
    return makeRaster(folder.file(name), { ...PLACELESS, seed: index + 1, nodata: 60_000 });
  });
  Deno.writeTextFileSync(folder.file("left.tfw"), worldPlace(500_000));
  pam(folder, "right.tif", pamPlace(500_400));
  const expected = new Uint16Array(80 * 30);
  images.forEach(({ pixels }, index) => {
    for (let at = 0; at < pixels.length; at++) {
      expected[Math.floor(at / 40) * 80 + index * 40 + at % 40] = Number(pixels[at]);
    }
  });
  const job: ApplyOptions = {
    userFunction: mosaic,
    infiles: { tiles: [folder.file("left.tif"), folder.file("right.tif")] },
    outfiles: { out: folder.file("out.tif") },
    controls: { footprint: "union", windowxsize: 32, windowysize: 16, windowExact: true },
  };
  return { job, expected };
}

Deno.test("tiles that only files beside them place lie where GDAL sees them, on every kind of worker", async () => {
  const styles = { ...STYLES, "CW_SUBPROC": { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 2 } };
  for (const [style, concurrency] of Object.entries(styles)) {
    using folder = tempFolder();
    const { job, expected } = twoTiles(folder);
    const { notices } = await run({ ...job, concurrency });
    const { info, pixels } = await readRaster(folder.file("out.tif"));
    assertEquals(info.geotransform, [500_000, 10, 0, 5_000_000, 0, -10], style);
    assertSamePixels(pixels, expected, style);
    assertEquals(notices.filter((line) => /place|lies|beside/.test(line)), [], style);
  }
});

Deno.test("bands have their own nodata values from PAM: around the file, in tiles that it leaves out, and for the function", async () => {
  const layouts = [["BLOCKXSIZE=32", "BLOCKYSIZE=16"], ["TILED=NO", "BLOCKYSIZE=16"], ["COMPRESS=NONE"]];
  for (const interleave of ["BAND", "PIXEL"]) {
    for (const [index, layout] of layouts.entries()) {
      const computeWorkerKind = index === 0 ? CW_SUBPROC : undefined;
      using folder = tempFolder();
      const options = ["SPARSE_OK=TRUE", `INTERLEAVE=${interleave}`, ...layout];
      makeRaster(folder.file("img.tif"), { ...PLACELESS, bands: 3, nodata: 7, holes: 1, options });
      const nodata = (band: number, value: number) =>
        `<PAMRasterBand band="${band}"><NoDataValue>${value}</NoDataValue></PAMRasterBand>`;
      pam(folder, "img.tif", pamPlace(0) + nodata(2, 8) + nodata(3, 9));
      await run({
        userFunction: (info, { img }, outputs, expected) => {
          const seen = [1, 2].map((band) => info.getNoDataValueFor(img, band));
          if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error(JSON.stringify(seen));
          outputs.out = img;
        },
        otherArgs: [9, 7],
        infiles: { img: folder.file("img.tif") },
        outfiles: { out: folder.file("out.tif") },
        controls: {
          ...{ windowxsize: 16, windowysize: 16, windowExact: true, layers: [3, 1] },
          outputNoData: null,
          referencePixgrid: {
            geotransform: [-10, 10, 0, 5_000_010, 0, -10],
            ncols: 42,
            nrows: 32,
            geoKeys: null,
          },
          footprint: "bounds_from_reference",
        },
        concurrency: computeWorkerKind ? { computeWorkerKind, numComputeWorkers: 1 } : {},
      });
      const { pixels } = await readRaster(folder.file("out.tif"));
      const expected = new Uint16Array(2 * 42 * 32).fill(9, 0, 42 * 32).fill(7, 42 * 32);
      assertSamePixels(pixels, expected, options.join());
    }
  }
});

Deno.test("several inputs none of which says where it lies are told, a single one or placed ones are not", async () => {
  using folder = tempFolder();
  for (const name of ["a.tif", "b.tif", "c.tif"]) makeRaster(folder.file(name), PLACELESS);
  const [a, b, c] = ["a.tif", "b.tif", "c.tif"].map((name) => folder.file(name)) as [string, string, string];
  const told = async (img: string | string[]) => {
    const job = { infiles: { img }, outfiles: { out: folder.file("out.tif") } };
    const { notices } = await run({
      ...job,
      userFunction: (_info, { img }, outputs) => {
        outputs.out = Array.isArray(img) ? img[0] : img;
      },
    });
    return notices.filter((line) => line.includes("where it lies"));
  };
  assertEquals(await told(a), []);
  const [line, ...more] = await told([a, b, c]);
  assertStringIncludes(line!, `None of the inputs says where it lies ('${a}' and 2 more)`);
  assertEquals(more, []);
  for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(folder.file(`${name}.tfw`), worldPlace(0));
  assertEquals(await told([a, b, c]), []);
});

Deno.test("systems that GeoTIFF has no keys for are told apart by their texts, and outputs say nothing of them", async () => {
  using folder = tempFolder();
  const system = (name: string) => {
    const parameters = Array.from({ length: 90 }, (_, index) => `PARAMETER["number ${index}", ${index}]`);
    return `PROJCS["${name}", PROJECTION["Of nobody"], ${parameters.join(", ")}, UNIT["m", 1]]`;
  };
  const write = (name: string, wkt: string) => {
    makeRaster(folder.file(name), PLACELESS);
    pam(folder, name, `${pamPlace(0)}<SRS>${wkt.replaceAll('"', "&quot;")}</SRS>`);
    return folder.file(name);
  };
  const [a, b, c] = [
    write("a.tif", system("One")),
    write("b.tif", system("One").replaceAll(", ", ",\n  ")),
    write("c.tif", system("Two")),
  ];
  const job = (other: string): ApplyOptions => ({
    userFunction: copy,
    infiles: { img: a, other },
    outfiles: { out: folder.file("out.tif") },
  });
  const { notices } = await run(job(b));
  assert(
    notices.some((line) => line.includes("no keys for the coordinate system 'user-defined (One)'")),
    notices.join(),
  );
  assertEquals((await readRaster(folder.file("out.tif"))).info.geoKeys, null);
  const error = await assertRejects(() => run(job(c)), RasterError, "their coordinate systems differ");
  assertStringIncludes(error.message, "in user-defined (Two)");
});

/** Runs a job whose function does something to the files in the middle; whether anything is left of its output. */
async function runWhile(folder: Folder, act: () => void): Promise<unknown> {
  makeRaster(folder.file("img.tif"), PLACELESS);
  const job: ApplyOptions = {
    userFunction: (_info, { img }, outputs) => {
      outputs.out = img;
    },
    infiles: { img: folder.file("img.tif") },
    outfiles: { out: folder.file("out.tif") },
    controls: { windowxsize: 16, windowysize: 16, windowExact: true },
    onProgress: ({ done, total }) => done === total && act(),
  };
  return await run(job).then(() => undefined, (error) => error);
}

Deno.test("a file beside an input that changes in mid-run is an input that changes: nothing is left", async () => {
  const changes: Readonly<Record<string, (folder: Folder) => void>> = {
    "another place": (folder) => pam(folder, "img.tif", pamPlace(10)),
    "none any more": (folder) => Deno.removeSync(folder.file("img.tif.aux.xml")),
    "control points": (folder) => pam(folder, "img.tif", "<GCPList><GCP Pixel='0'/></GCPList>"),
    "another nodata value": (folder) =>
      pam(
        folder,
        "img.tif",
        `${pamPlace(0)}<PAMRasterBand band="1"><NoDataValue>3</NoDataValue></PAMRasterBand>`,
      ),
  };
  for (const [what, change] of Object.entries(changes)) {
    using folder = tempFolder();
    pam(folder, "img.tif", pamPlace(0));
    const error = await runWhile(folder, () => change(folder));
    assert(error instanceof InputChangedError, `${what}: ${error}`);
    assertStringIncludes((error as Error).message, "What lies beside");
    assert(filesIn(folder.path).every((name) => !name.startsWith("out.tif")), what);
  }
});

Deno.test("statistics that a viewer adds in mid-run, and a world file that does not count, change nothing", async () => {
  using folder = tempFolder();
  pam(folder, "img.tif", pamPlace(0));
  const error = await runWhile(folder, () => {
    const statistics =
      `<PAMRasterBand band="1"><Metadata><MDI key="STATISTICS_MEAN">3</MDI></Metadata></PAMRasterBand>`;
    pam(folder, "img.tif", pamPlace(0) + statistics);
    Deno.writeTextFileSync(folder.file("img.tfw"), worldPlace(500));
  });
  assertEquals(error, undefined);
  assertEquals((await readRaster(folder.file("out.tif"))).info.geotransform, [0, 10, 0, 5_000_000, 0, -10]);
});

Deno.test("a run is not resumed with another file beside its input", async () => {
  using scene = await resumeScene();
  const beside = scene.file("scene.tif.aux.xml");
  const place = (x: number) => `<PAMDataset>${pamPlace(x)}</PAMDataset>`;
  Deno.writeTextFileSync(beside, place(0));
  await scene.fail(10, scene.job("p"));
  Deno.writeTextFileSync(
    beside,
    place(0).replace("</PAM", `<PAMRasterBand band="2"><NoDataValue>1</NoDataValue></PAMRasterBand></PAM`),
  );
  await assertRejects(
    () => run(scene.job("p", { resume: true })),
    ConfigError,
    "what lies beside input img is not the same",
  );
  Deno.writeTextFileSync(beside, place(0));
  await run(scene.job("p", { resume: true }));
});

Deno.test("a run is not resumed with another file beside its input on a server, though its grid is the same", async () => {
  using scene = await resumeScene();
  makeRaster(scene.file("web.tif"), { ...PLACELESS, width: 96, height: 64, bands: 2, nodata: 7 });
  const place = (x: number) => new TextEncoder().encode(worldPlace(x));
  await using server = serveRanges({
    "/web.tif": Deno.readFileSync(scene.file("web.tif")),
    "/web.tfw": place(0),
  });
  const referencePixgrid: PixelGrid = {
    geotransform: [0, 10, 0, 5_000_000, 0, -10],
    geoKeys: null,
    ncols: 96,
    nrows: 64,
  };
  const job = scene.job("p", {
    infiles: { img: `${server.url}/web.tif` },
    controls: { referencePixgrid, footprint: "bounds_from_reference" },
  });
  await scene.fail(10, job);
  server.files.set("/web.tfw", place(160));
  const resumed = { ...job, resume: true };
  await assertRejects(() => run(resumed), ConfigError, "what lies beside input img is not the same");
  server.files.set("/web.tfw", place(0));
  await run(resumed);
});

Deno.test("on a server files beside an input are asked for only where it does not say where it lies", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("placed.tif"), { ...PLACELESS, geotransform: [0, 10, 0, 0, 0, -10] });
  makeRaster(folder.file("placeless.tif"), PLACELESS);
  const text = (content: string) => new TextEncoder().encode(content);
  await using server = serveRanges({
    "/placed.tif": Deno.readFileSync(folder.file("placed.tif")),
    "/by pam.tif": Deno.readFileSync(folder.file("placeless.tif")),
    "/by pam.tif.aux.xml": text(`<PAMDataset>${pamPlace(30)}</PAMDataset>`),
    "/by wld.tif": Deno.readFileSync(folder.file("placeless.tif")),
    "/by wld.wld": text(worldPlace(60)),
    "/CAPITAL.TIF": Deno.readFileSync(folder.file("placeless.tif")),
    "/CAPITAL.TFW": text(worldPlace(90)),
    "/none.tif": Deno.readFileSync(folder.file("placeless.tif")),
  });
  const placeOf = async (name: string) => {
    server.asked.length = 0;
    await run({
      userFunction: copy,
      infiles: { img: `${server.url}/${name}?signature=x` },
      outfiles: { out: folder.file("out.tif") },
    });
    return (await readRaster(folder.file("out.tif"))).info.geotransform?.[0];
  };
  const others = () => [...new Set(server.asked)].filter((path) => !/\.tif\?/i.test(path));
  assertEquals([await placeOf("placed.tif"), others()], [0, []]);
  // The server has its files by their real names.
  for (const [name, content] of [...server.files]) server.files.set(name.replaceAll(" ", "%20"), content);
  assertEquals([await placeOf("by pam.tif"), others()], [30, ["/by%20pam.tif.aux.xml?signature=x"]]);
  assertEquals(await placeOf("by wld.tif"), 60);
  assertEquals(others(), [
    ...["tif.aux.xml", "tfw", "tifw", "wld"].map((extension) => `/by%20wld.${extension}?signature=x`),
  ]);
  assertEquals([await placeOf("CAPITAL.TIF"), others().at(-1)], [90, "/CAPITAL.TFW?signature=x"]);
  assertEquals([await placeOf("none.tif"), others().length], [undefined, 4]);
});

Deno.test("files that a server does not have are no trouble; one that fails is told, and asked no more", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("none.tif"), PLACELESS);
  const content = Deno.readFileSync(folder.file("none.tif"));
  const answers: Record<string, () => Response> = {
    missing: () => new Response("no such file", { status: 404 }),
    forbidden: () => new Response("not for you", { status: 403 }),
    page: () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    broken: () => new Response("oh", { status: 500 }),
    gzip: () => new Response("x", { headers: { "content-encoding": "gzip" } }),
  };
  const asked: string[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const [, kind, name] = new URL(request.url).pathname.split("/");
    asked.push(name!);
    return name === "x.tif" ? new Response(content) : answers[kind!]!();
  });
  const unreadOf = async (kind: string) => {
    asked.length = 0;
    const url = `http://127.0.0.1:${server.addr.port}/${kind}/x.tif`;
    const { unread } = await readFileInfo(url, { retryDelayMs: 1 });
    return unread.map(({ what }) => what);
  };
  for (const kind of ["missing", "forbidden", "page"]) {
    assertEquals([await unreadOf(kind), asked.length], [[], 5], kind);
  }
  const [broken = ""] = await unreadOf("broken");
  assertStringIncludes(broken, "the server answered 500; gave up after 4 tries");
  assertEquals([...new Set(asked)], ["x.tif", "x.tif.aux.xml"]);
  const [gzip = ""] = await unreadOf("gzip");
  assertStringIncludes(gzip, "gzip-encoded");
  assertEquals(asked.length, 5);
});
