import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { ConfigError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import {
  assertSamePixels,
  filesIn,
  type Image,
  makeRaster,
  readRaster,
  run,
  STYLES,
  THREADS,
  userFunction,
} from "./apply_support.ts";

interface Job {
  readonly image: Image;
  readonly options: Omit<ApplyOptions, "userFunction">;
  readonly folder: string;
  readonly out: string;
}

async function withJob(test: (job: Job) => Promise<void>): Promise<void> {
  using folder = tempFolder();
  const [img, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  const image = makeRaster(img, { width: 70, height: 45, bands: 2 });
  const controls = { windowxsize: 32, windowysize: 32, windowExact: true };
  await test({ image, out, folder: folder.path, options: { infiles: { img }, outfiles: { out }, controls } });
}

function times(image: Image, factor: number): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(image.pixels as Uint16Array, (value) => factor * value);
}

for (const style of ["CW_NONE", "CW_THREADS", "CW_THREADS that don't read"]) {
  Deno.test(`${style} takes a module's default or named export, by path or URL, sync or async`, async () => {
    await withJob(async ({ image, options, out }) => {
      const path = fromFileUrl(userFunction("scale.ts"));
      const source = `export default (_info, { img }, outputs) => { outputs.out = img; };`;
      for (
        const [given, factor] of [
          [path, 2],
          [userFunction("scale.ts"), 2],
          [`${path}#default`, 2],
          [`${path}#triple`, 3],
          [new URL("#triple", userFunction("scale.ts")), 3],
          [`${userFunction("scale.ts").href}#triple`, 3],
          [userFunction("sole_export.ts"), 1],
          [`data:text/javascript,${encodeURIComponent(source)}`, 1],
        ] as const
      ) {
        await run({ ...options, userFunction: given, concurrency: STYLES[style]! });
        assertSamePixels((await readRaster(out)).pixels, times(image, factor), String(given));
      }
    });
  });
}

Deno.test("a relative path of a user function is from the current folder", async () => {
  await withJob(async ({ image, options, out, folder }) => {
    Deno.copyFileSync(fromFileUrl(userFunction("sole_export.ts")), `${folder}/copy #1 of 100%.ts`);
    const before = Deno.cwd();
    Deno.chdir(folder);
    try {
      await run({ ...options, userFunction: "copy #1 of 100%.ts#copy", concurrency: THREADS });
    } finally {
      Deno.chdir(before);
    }
    assertSamePixels((await readRaster(out)).pixels, image.pixels, "copy");
  });
});

Deno.test("functions given by value run as they stand: arrow, named, async, method, with defaults", async () => {
  await withJob(async ({ image, options, out }) => {
    const functions: Record<string, ApplyOptions["userFunction"]> = {
      arrow: (_info, { img }, outputs) => {
        outputs.out = img;
      },
      named: function named(_info, inputs, outputs) {
        const helper = (value: number) => value;
        outputs.out = { data: Uint16Array.from(inputs.img.data, helper), bands: inputs.img.bands };
      },
      asynchronous: async (_info, { img }, outputs) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        outputs.out = img;
      },
      method(_info, { img }, outputs) {
        outputs.out = img;
      },
      async asyncMethod(_info, { img }, outputs, { factor = 1 } = {}) {
        await Promise.resolve();
        outputs.out = { data: img.data.map((value: number) => factor * value), bands: img.bands };
      },
    };
    for (const [name, given] of Object.entries(functions)) {
      for (const concurrency of [{}, THREADS]) {
        await run({ ...options, userFunction: given!, concurrency });
        assertSamePixels((await readRaster(out)).pixels, image.pixels, name);
      }
    }
  });
});

Deno.test("a function that reaches outside itself is refused by the names it uses, on every kind", async () => {
  await withJob(async ({ options, folder }) => {
    const factor = 2;
    const scale = (value: number) => factor * value;
    for (const concurrency of [{}, THREADS]) {
      const error = await assertRejects(() =>
        run({
          ...options,
          concurrency,
          userFunction(_info, { img }, outputs) {
            outputs.out = { data: Float64Array.from(img.data, scale).fill(factor), bands: img.bands };
          },
        }), ConfigError);
      for (const words of ["'userFunction'", "'scale'", "'factor'", "outside itself", "otherArgs"]) {
        assertStringIncludes(error.message, words);
      }
    }
    assertEquals(filesIn(folder), ["scene.tif"]);
  });
});

Deno.test("a slow async function holds up nothing but its own block", async () => {
  await withJob(async ({ image, options, out, folder }) => {
    await Deno.mkdir(`${folder}/done`);
    await run({
      ...options,
      async userFunction(info, { img }, outputs) {
        outputs.out = img;
        const folder = info.getFilenameFor(img).replace(/[^/]*$/, "done");
        const marker = `${folder}/${info.getBlockCount()}`;
        if (!info.isFirstBlock()) return Deno.writeTextFileSync(marker, "");
        try {
          Deno.openSync(marker, { write: true, createNew: true }).close();
        } catch (error) {
          if (error instanceof Deno.errors.AlreadyExists) return;
          throw error;
        }
        // It ends when all others are done, however long that takes; a copy of it ends at once.
        while ([...Deno.readDirSync(folder)].length < 6) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      },
      ...{ concurrency: THREADS, signal: AbortSignal.timeout(60_000) },
    });
    assertSamePixels((await readRaster(out)).pixels, image.pixels, "copy");
  });
});

Deno.test("timers of the function's own are in the run's report, on every kind of worker", async () => {
  await withJob(async ({ options }) => {
    for (const concurrency of Object.values(STYLES)) {
      const { timings } = await run({
        ...options,
        userFunction: (info, { img }, outputs) => {
          info.timings.interval("copying of my own pixels", () => outputs.out = img);
          info.timings.add("two a block", 1);
          info.timings.add("two a block", 2);
        },
        concurrency: { ...concurrency, copies: false },
      });
      const { count, total } = timings.statistics().get("two a block")!;
      assertEquals([count, total], [12, 18]);
      assertEquals(timings.statistics().get("copying of my own pixels")!.count, 6);
      assertStringIncludes(timings.formatReport(), "\ncopying of my own pixels ");
    }
  });
});

Deno.test("timings have RIOS's names, and count every block once", async () => {
  await withJob(async ({ options }) => {
    for (const concurrency of Object.values(STYLES)) {
      const { timings, wallSeconds } = await run({
        ...options,
        userFunction: userFunction("scale.ts"),
        // A copy of a slow block at the end would count, too.
        concurrency: { ...concurrency, copies: false },
      });
      const statistics = timings.statistics();
      assertEquals([statistics.get("reading")?.count, statistics.get("userfunction")?.count], [6, 6]);
      assertEquals(statistics.get("walltime")?.total, wallSeconds);
      assertStringIncludes(timings.formatReport(1), "userfunction");
    }
  });
});
