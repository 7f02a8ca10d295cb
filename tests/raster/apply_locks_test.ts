import { assertEquals, assertStringIncludes } from "@std/assert";
import { LockedError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import {
  assertSamePixels,
  filesIn,
  type Image,
  makeRaster,
  readRaster,
  run,
  THREADS,
} from "./apply_support.ts";

interface Scene {
  readonly image: Image;
  readonly folder: string;
  readonly out: string;
  /** A job that writes the scene with a value added. */
  job(value: number, rest?: Partial<ApplyOptions>): ApplyOptions;
}

async function withScene(test: (scene: Scene) => Promise<void>): Promise<void> {
  using folder = tempFolder();
  const [img, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  const image = makeRaster(img, { width: 60, height: 40 });
  const job = (value: number, rest: Partial<ApplyOptions> = {}): ApplyOptions => ({
    userFunction(_info, { img }, outputs, value) {
      outputs.out = img.data.map((pixel: number) => pixel + value);
    },
    ...{ infiles: { img }, outfiles: { out }, otherArgs: value, ...rest },
  });
  await test({ image, folder: folder.path, out, job });
}

/** A job that begins, and goes on when it is told to. */
async function beginAndHold({ job }: Scene, value: number): Promise<{ end(): Promise<unknown> }> {
  const begun = Promise.withResolvers<void>();
  const held = `blockfleet test ${crypto.randomUUID()}`;
  const go = new BroadcastChannel(`${held} go`);
  const begins = new BroadcastChannel(held);
  begins.onmessage = () => begun.resolve();
  const options = job(value, {
    otherArgs: { value, held },
    concurrency: { ...THREADS, numComputeWorkers: 1 },
  });
  const running = run({
    ...options,
    async userFunction(_info, { img }, outputs, { value, held }) {
      const wait = new BroadcastChannel(`${held} go`);
      const tell = new BroadcastChannel(held);
      const told = new Promise((resolve) => wait.onmessage = resolve);
      tell.postMessage("begun");
      await told;
      wait.close();
      tell.close();
      outputs.out = img.data.map((pixel: number) => pixel + value);
    },
  }).catch((error: Error) => error);
  await Promise.race([begun.promise, running]);
  begins.close();
  return {
    end: () => {
      go.postMessage("go");
      go.close();
      return running;
    },
  };
}

async function assertHolds({ image, out }: Scene, value: number): Promise<void> {
  const expected = Uint16Array.from(image.pixels as Uint16Array, (pixel) => pixel + value);
  assertSamePixels((await readRaster(out)).pixels, expected, `out + ${value}`);
}

Deno.test("a second run on an output in use is refused by name, and the first one ends well", async () => {
  await withScene(async (scene) => {
    const first = await beginAndHold(scene, 1);
    for (const concurrency of [{}, THREADS]) {
      const error = await run(scene.job(2, { concurrency })).then(() => undefined, (thrown) => thrown);
      assertEquals(error instanceof LockedError, true, String(error));
      for (const words of [scene.out, Deno.hostname(), `${Deno.pid}`]) {
        assertStringIncludes(error.message, words);
      }
    }
    assertEquals(filesIn(scene.folder), ["out.tif.lock", "out.tif.part", "scene.tif"]);
    const result = await first.end();
    assertEquals(result instanceof Error, false, String(result));
    await assertHolds(scene, 1);
    assertEquals(filesIn(scene.folder), ["out.tif", "scene.tif"]);
  });
});

Deno.test("a run that takes an output over wins, and the run that had it says so and touches nothing", async () => {
  await withScene(async (scene) => {
    const first = await beginAndHold(scene, 1);
    const { notices } = await run(scene.job(2, { controls: { takeOver: true } }));
    assertStringIncludes(notices.join("\n"), "Took the lock of");
    await assertHolds(scene, 2);
    const error = await first.end();
    assertEquals(error instanceof LockedError, true, String(error));
    assertStringIncludes((error as Error).message, scene.out);
    await assertHolds(scene, 2);
    assertEquals(filesIn(scene.folder), ["out.tif", "scene.tif"]);
  });
});

Deno.test("what a dead process left behind is taken over and said", async () => {
  await withScene(async (scene) => {
    const module = new URL("../../core/process_identity.ts", import.meta.url).href;
    const script = `
      import { ownIdentity } from ${JSON.stringify(module)};
      const holder = { run: "an-old-run", ...ownIdentity(), startedAt: new Date().toISOString() };
      console.log(JSON.stringify(holder));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
    Deno.writeFileSync(`${scene.out}.lock`, stdout);
    Deno.writeTextFileSync(`${scene.out}.part`, "half of it");
    const { notices } = await run(scene.job(3));
    assertEquals(notices.length, 2, notices.join("\n"));
    assertStringIncludes(notices[0]!, "an-old-run");
    assertStringIncludes(notices[1]!, "out.tif.part'");
    await assertHolds(scene, 3);
    assertEquals(filesIn(scene.folder), ["out.tif", "scene.tif"]);
  });
});

Deno.test("two runs at once in one process, on other outputs, do not disturb each other", async () => {
  await withScene(async (scene) => {
    const outs = [1, 2, 3, 4].map((value) => ({ value, out: `${scene.folder}/out${value}.tif` }));
    await Promise.all(
      outs.map(({ value, out }) =>
        run(scene.job(value, { outfiles: { out }, concurrency: value % 2 === 0 ? {} : THREADS }))
      ),
    );
    for (const { value, out } of outs) await assertHolds({ ...scene, out }, value);
  });
});
