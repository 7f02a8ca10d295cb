import { assert, assertEquals } from "@std/assert";
import { ConfigError } from "../../core/errors.ts";
import { tempFolder } from "../gdal.ts";
import {
  assertFails,
  FED_THREADS,
  makeRaster,
  readRaster,
  run,
  STYLES,
  THREADS,
  userFunction,
} from "./apply_support.ts";

const BLOCKS = { windowxsize: 16, windowysize: 16, windowExact: true } as const;

for (const [style, concurrency] of Object.entries(STYLES)) {
  Deno.test(`${style} gives each worker a copy of other args, and gives the copies back`, async () => {
    using folder = tempFolder();
    const scene = folder.file("scene.tif");
    makeRaster(scene, { width: 100, height: 60 });
    const otherArgs = {
      blocks: [] as number[],
      pixels: 0,
      weights: Float64Array.of(0.25, 0.5),
      when: new Date(0),
      names: new Map([["a", new Set([1n])]]),
      nothing: undefined,
    };
    const { otherArgsList, workers } = await run({
      userFunction(info, { img }, _outputs, args) {
        if (args.weights[1] !== 0.5 || args.when.getTime() !== 0 || !args.names.get("a").has(1n)) {
          throw new Error("other args came as something else");
        }
        const [x, y] = info.getBlockCount();
        args.blocks.push(y * info.getTotalBlocks()[0] + x);
        args.pixels += img.data.length;
      },
      ...{ infiles: { img: scene }, otherArgs, controls: BLOCKS, concurrency },
    });
    const copies = otherArgsList as (typeof otherArgs)[];
    // A worker that comes when all is done has none.
    assert(
      copies.length >= 1 && copies.length <= (concurrency.numComputeWorkers ?? 1),
      `${copies.length} copies`,
    );
    assertEquals(copies.reduce((sum, { pixels }) => sum + pixels, 0), 6000);
    const blocks = copies.flatMap((copy) => copy.blocks).sort((a, b) => a - b);
    assertEquals(blocks, Array.from({ length: 28 }, (_, i) => i));
    assertEquals([otherArgs.blocks, otherArgs.pixels], [[], 0], "the caller's own has changed");
    assertEquals(copies[0]!.names, new Map([["a", new Set([1n])]]));
    assertEquals(workers.lost, 0);
  });

  Deno.test(`${style} merges the other args of each block once, in block order, if the module does so`, async () => {
    using folder = tempFolder();
    const scene = folder.file("scene.tif");
    const image = makeRaster(scene, { width: 100, height: 60 });
    const otherArgs = { bins: new Float64Array(64), blocks: [] as number[] };
    const { otherArgsList } = await run({
      userFunction: userFunction("histogram.ts"),
      ...{ infiles: { img: scene }, otherArgs, controls: BLOCKS, concurrency },
    });
    const bins = new Float64Array(64);
    for (const value of image.pixels) bins[Number(value) % 64]! += 1;
    assertEquals(otherArgsList, [{ bins, blocks: Array.from({ length: 28 }, (_, i) => i) }]);
    assertEquals(otherArgs, { bins: new Float64Array(64), blocks: [] });
  });
}

Deno.test("merged other args are right though blocks fail and are tried again", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, { width: 100, height: 60 });
  const source = `
    let calls = 0;
    export default (info, inputs, outputs, args) => {
      args.count += 1;
      if (++calls % 5 === 0) throw new Error("every fifth call fails");
    };
    export const mergeOtherArgs = (total, block) => ({ count: total.count + block.count });`;
  const { otherArgsList, blocks } = await run({
    userFunction: `data:text/javascript,${encodeURIComponent(source)}`,
    ...{ infiles: { img: scene }, otherArgs: { count: 0 }, controls: BLOCKS },
    concurrency: { ...THREADS, maxBlockErrors: 100 },
  });
  assertEquals(otherArgsList, [{ count: 28 }]);
  assert(blocks.retried > 0);
});

Deno.test("a function without other args gets three arguments, and one with null gets null", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  makeRaster(scene, { width: 20, height: 16 });
  for (const concurrency of [{}, THREADS, FED_THREADS]) {
    for (const [given, expected] of [[{}, 3], [{ otherArgs: null }, 4]] as const) {
      const { otherArgsList } = await run({
        userFunction(...args) {
          const outputs = args[2];
          outputs.out = new Uint8Array(320).fill(args[3] == null ? args.length : 0);
        },
        ...{ infiles: { img: scene }, outfiles: { out }, concurrency, ...given },
      });
      assertEquals((await readRaster(out)).pixels[0], expected);
      assertEquals(otherArgsList, expected === 3 ? [] : [null]);
    }
  }
});

Deno.test("other args that can't be sent are refused before anything starts, with the path to them", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, { width: 20, height: 16 });
  const self: Record<string, unknown> = {};
  self.self = [self];
  for (
    const [otherArgs, path] of [
      [{ list: [1, { convert: () => 1 }] }, "otherArgs.list[1].convert"],
      [self, "otherArgs.self[0]"],
      [{ url: new URL("http://localhost") }, "otherArgs.url"],
    ] as const
  ) {
    await assertFails(
      folder.path,
      { userFunction() {}, infiles: { img: scene }, otherArgs },
      { kind: ConfigError, says: [path, "can't be sent to a worker"] },
    );
  }
});
