import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { WorkerError } from "../../core/errors.ts";
import { CW_NONE, CW_SUBPROC, CW_THREADS } from "../../core/kinds.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import { assertSamePixels, filesIn, makeRaster, readRaster, run } from "./apply_support.ts";
import { serveRanges } from "./range_server.ts";

const CONFINED = { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 1 } as const;

const copy: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

Deno.test("an input behind a link and .. is the system's file on every kind, not the one that the text alone names", async () => {
  using folder = tempFolder();
  for (const path of ["store/data", "store/real", "home/real"]) {
    Deno.mkdirSync(folder.file(path), { recursive: true });
  }
  const [right, wrong] = [folder.file("store/real/in.tif"), folder.file("home/real/in.tif")];
  const image = makeRaster(right, { width: 80, height: 70 });
  // Of the same size and time, so that it can't be told by them.
  makeRaster(wrong, { width: 80, height: 70, seed: 2 });
  const bytes = Deno.readFileSync(wrong);
  Deno.writeFileSync(wrong, bytes.subarray(0, Deno.statSync(right).size));
  for (const path of [right, wrong]) Deno.utimeSync(path, 1000, 1000);
  Deno.symlinkSync("../store/data", folder.file("home/link"));
  const img = `${folder.path}/home/link/../real/in.tif`;
  for (const kind of [CW_THREADS, CW_SUBPROC]) {
    const out = folder.file("out.tif");
    await run({
      userFunction(info, { img }, outputs, name) {
        if (info.getFilenameFor(img as never) !== name) throw new Error(info.getFilenameFor(img as never));
        outputs.out = img;
      },
      ...{ infiles: { img }, outfiles: { out }, otherArgs: img },
      concurrency: { computeWorkerKind: kind, numComputeWorkers: 1 },
    });
    assertSamePixels((await readRaster(out)).pixels, image.pixels, kind);
  }
});

Deno.test("more inputs than one argument of a command can name run on confined workers, which a notice tells", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("tiles"));
  const first = folder.file("tiles/0.tif");
  const image = makeRaster(first, { width: 16, height: 16 });
  const imgs = [first];
  for (let n = 1; n < 700; n++) {
    imgs.push(folder.file(`tiles/${"a_rather_long_name_".repeat(10)}${n}.tif`));
    Deno.linkSync(first, imgs.at(-1)!);
  }
  assert(imgs.join(",").length > 128 << 10);
  const out = folder.file("out.tif");
  const { notices } = await run({
    userFunction(_info, { imgs }, outputs) {
      const blocks = imgs as never as { data: Uint16Array }[];
      outputs.out = blocks[0]!.data.map((_, at) =>
        blocks.reduce((sum, { data }) => sum + data[at]!, 0) / 700
      );
    },
    ...{ infiles: { imgs }, outfiles: { out }, concurrency: CONFINED },
  });
  assertSamePixels((await readRaster(out)).pixels, image.pixels, "mean of equal files");
  const notice = notices.find((line) => line.includes("permitted one by one"));
  assertStringIncludes(notice ?? "none", `'${folder.file("tiles")}'`);
});

Deno.test("a confined worker follows a server's redirect to another host, as the program did", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  const image = makeRaster(scene, { width: 400, height: 300 });
  await using store = serveRanges({ "/scene.tif": Deno.readFileSync(scene) });
  const door = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => Response.redirect(`${store.url}/scene.tif?signature=secret`),
  );
  const street = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => Response.redirect(`http://127.0.0.1:${door.addr.port}/scene.tif`),
  );
  const options = { userFunction: copy, outfiles: { out }, concurrency: CONFINED };
  try {
    const img = `http://127.0.0.1:${door.addr.port}/scene.tif`;
    await run({ ...options, infiles: { img } });
    assertSamePixels((await readRaster(out)).pixels, image.pixels, "redirected");
    // Of two redirects the program is told the second one's host only.
    const twice = { ...options, infiles: { img: `http://127.0.0.1:${street.addr.port}/scene.tif` } };
    const error = await assertRejects(() => run(twice), WorkerError);
    const allowed = `--allow-net=127.0.0.1:${door.addr.port}`;
    assertStringIncludes(error.message, `(--worker-permissions "${allowed}")`);
    assert(!error.message.includes("secret"), error.message);
    await run({ ...twice, concurrency: { ...CONFINED, workerPermissions: [allowed] } });
    assertSamePixels((await readRaster(out)).pixels, image.pixels, "redirected twice");
  } finally {
    await Promise.all([door.shutdown(), street.shutdown()]);
  }
});

Deno.test("a relative input is the same file after the function has changed the working folder", async () => {
  using folder = tempFolder();
  const before = Deno.cwd();
  const [here, elsewhere] = [folder.file("here"), folder.file("elsewhere")];
  for (const path of [here, elsewhere]) Deno.mkdirSync(path);
  const image = makeRaster(`${here}/in.tif`, { width: 80, height: 70 });
  makeRaster(`${elsewhere}/in.tif`, { width: 50, height: 40 });
  Deno.chdir(here);
  try {
    for (const computeWorkerKind of [CW_NONE, CW_THREADS]) {
      await run({
        userFunction(_info, { img }, outputs, elsewhere) {
          Deno.chdir(elsewhere as string);
          outputs.out = img;
        },
        ...{ infiles: { img: "in.tif" }, outfiles: { out: "out.tif" }, otherArgs: elsewhere },
        controls: { windowxsize: 32, windowysize: 32, windowExact: true },
        concurrency: { computeWorkerKind, numComputeWorkers: computeWorkerKind === CW_NONE ? 0 : 1 },
      });
      Deno.chdir(here);
      assertSamePixels((await readRaster("out.tif")).pixels, image.pixels, computeWorkerKind);
      assertEquals([filesIn(here), filesIn(elsewhere)], [["in.tif", "out.tif"], ["in.tif"]]);
    }
  } finally {
    Deno.chdir(before);
  }
});
