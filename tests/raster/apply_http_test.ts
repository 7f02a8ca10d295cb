import { assert, assertEquals, assertRejects } from "@std/assert";
import { AbortedError, RasterError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import { expectedFocalMean } from "./apply_expected.ts";
import {
  assertFails,
  assertSamePixels,
  example,
  FED_THREADS,
  filesIn,
  makeRaster,
  readRaster,
  run,
  shifted,
  STYLES,
  THREADS,
} from "./apply_support.ts";
import { serveRanges } from "./range_server.ts";

const BLOCKS = { windowxsize: 64, windowysize: 48, windowExact: true } as const;

const copy: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

/** 400 x 300 pixels of noise, beyond what is fetched when a URL is opened. */
const SPEC = { width: 400, height: 300, nodata: 0, seed: 5 } as const;

Deno.test("an input on a server gives the pixels of the file, on every kind of worker, by ranges only", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("mean.tif")];
  const image = makeRaster(scene, SPEC);
  const expected = expectedFocalMean(image);
  await using server = serveRanges({ "/a/scene.tif": Deno.readFileSync(scene) });
  for (const [style, concurrency] of Object.entries(STYLES)) {
    const img = new URL(`${server.url}/a/scene.tif?token=x`);
    await run({
      ...{ userFunction: example("focal_mean.ts"), infiles: { img: style === "CW_NONE" ? img.href : img } },
      ...{ outfiles: { mean: out }, controls: { ...BLOCKS, overlap: 2 }, concurrency },
    });
    assertSamePixels((await readRaster(out)).pixels, expected, style);
  }
  assert(server.ranges.every((range) => range !== ""), "it was asked for the whole file");
});

Deno.test("a file and a URL go together in one list, and the function is told where each is from", async () => {
  using folder = tempFolder();
  const [a, b, out] = [folder.file("a.tif"), folder.file("b.tif"), folder.file("out.tif")];
  const left = makeRaster(a, SPEC);
  makeRaster(b, { ...SPEC, seed: 6 });
  await using server = serveRanges({ "/b.tif": Deno.readFileSync(b) });
  const imgs = [a, `${server.url}/b.tif`];
  await run({
    userFunction(info, { imgs }, outputs, names) {
      imgs.forEach((img: never, i: number) => {
        if (info.getFilenameFor(img) !== names[i]) throw new Error(info.getFilenameFor(img));
      });
      outputs.out = imgs[0];
    },
    ...{ infiles: { imgs }, outfiles: { out }, otherArgs: imgs, controls: BLOCKS, concurrency: THREADS },
  });
  assertSamePixels((await readRaster(out)).pixels, left.pixels, "out");
});

Deno.test("a URL that is missing, or whose server knows no ranges, is refused by name", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, SPEC);
  const bytes = Deno.readFileSync(scene);
  await using server = serveRanges({ "/scene.tif": bytes });
  // A small file may be sent whole; this one is too large for that.
  const large = new Uint8Array(70_000);
  large.set(bytes.subarray(0, large.length));
  const deaf = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response(large));
  try {
    const cases = [
      [`${server.url}/none.tif?key=secret`, "none.tif", "there is no such file"],
      [`http://127.0.0.1:${deaf.addr.port}/scene.tif`, "does not support range requests"],
    ] as const;
    for (const [img, ...says] of cases) {
      const options = { userFunction: copy, infiles: { img }, outfiles: { out: folder.file("out.tif") } };
      const error = await assertFails(folder.path, options, { kind: RasterError, says });
      assertEquals(error.message.includes("secret"), false);
    }
  } finally {
    await deaf.shutdown();
  }
});

for (const [style, concurrency] of Object.entries({ "CW_NONE": {}, THREADS, FED_THREADS })) {
  Deno.test(`${style}: a run that is ended waits for no server, be it at its beginning or in its middle`, async () => {
    using folder = tempFolder();
    const scene = folder.file("scene.tif");
    makeRaster(scene, SPEC);
    await using server = serveRanges({ "/scene.tif": Deno.readFileSync(scene) });
    const outfiles = { out: folder.file("out.tif") };
    // Opening takes one request; later ones are for pixels.
    for (const answers of [0, 1]) {
      const asked = server.silenceAfter(answers);
      const ending = new AbortController();
      const job = { infiles: { img: `${server.url}/scene.tif` }, userFunction: copy, outfiles, concurrency };
      const ended = assertRejects(
        () => run({ ...job, controls: BLOCKS, signal: ending.signal }),
        AbortedError,
      );
      await asked;
      const startMs = performance.now();
      ending.abort();
      await ended;
      // A request is given up after 60 s and tried four times.
      assert(performance.now() - startMs < 50_000, "it waited for the server");
      assertEquals(filesIn(folder.path), ["scene.tif"]);
      server.speak();
    }
  });
}

Deno.test("a URL's credentials and query are in no error of its grid or layers", async () => {
  using folder = tempFolder();
  const [a, b] = [folder.file("a.tif"), folder.file("b.tif")];
  makeRaster(a, SPEC);
  makeRaster(b, { ...SPEC, geotransform: shifted(0.5, 0) });
  await using server = serveRanges({ "/b.tif": Deno.readFileSync(b) });
  const url = `${server.url.replace("//", "//user:secret@")}/b.tif?key=secret`;
  const base = { userFunction: copy, outfiles: { out: folder.file("out.tif") } };
  const jobs: ApplyOptions[] = [
    { ...base, infiles: { a, b: url } },
    { ...base, infiles: { a }, controls: { reference: url } },
    { ...base, infiles: { b: url }, controls: { layers: [9] } },
  ];
  for (const job of jobs) {
    const error = await assertRejects(() => run(job), Error);
    assert(error.message.includes(`'${server.url}/b.tif'`), error.message);
    assert(!error.message.includes("secret"), error.message);
  }
});

Deno.test("a file that changes on its server in mid-run ends the run, and nothing of it is left", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, SPEC);
  await using server = serveRanges({ "/scene.tif": Deno.readFileSync(scene) });
  for (const concurrency of [{}, THREADS]) {
    server.version = "old";
    const options: ApplyOptions = {
      ...{ userFunction: copy, infiles: { img: `${server.url}/scene.tif` } },
      ...{ outfiles: { out: folder.file("out.tif") }, controls: BLOCKS, concurrency },
      onProgress: () => server.version = "new",
    };
    await assertFails(folder.path, options, {
      kind: Error,
      says: ["/scene.tif' ", "changed"],
    });
  }
});

Deno.test("a server that says neither ETag nor Last-Modified gets a notice", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, SPEC);
  const bytes = Deno.readFileSync(scene);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const [first, last] = /(\d+)-(\d+)/.exec(request.headers.get("range")!)!.slice(1).map(Number) as [
      number,
      number,
    ];
    const part = bytes.subarray(first, last + 1);
    const headers = { "content-range": `bytes ${first}-${first + part.length - 1}/${bytes.length}` };
    return new Response(part, { status: 206, headers });
  });
  try {
    const img = `http://127.0.0.1:${server.addr.port}/scene.tif`;
    const notices: string[] = [];
    await run({
      userFunction: copy,
      infiles: { img, other: [img, scene] },
      outfiles: { out: folder.file("out.tif") },
      onNotice: (line) => notices.push(line),
    });
    const said = notices.filter((line) => line.includes("ETag"));
    assertEquals(said.length, 1);
    assert(
      said[0]!.startsWith(`The server of '${img}' and 1 more says neither ETag nor Last-Modified`),
      said[0],
    );
  } finally {
    await server.shutdown();
  }
});
