import { assertEquals, assertThrows } from "@std/assert";
import { BlockfleetError } from "../../core/errors.ts";
import type { BlockOutputs } from "../../raster/apply_options.ts";
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import { makeOutputLayout } from "../../raster/geotiff/output_layout.ts";
import { checkOutputNames, outputPixels } from "../../raster/output_value.ts";
import { RasterBlock } from "../../raster/raster_block.ts";
import type { OutputPlan } from "../../raster/raster_job.ts";

const SHAPE = { rows: 3, cols: 4 };

function plan(changes: Partial<OutputPlan> = {}): OutputPlan {
  const layout = makeOutputLayout(parseCreationOptions([]), { width: 4, height: 3, nodata: 0 });
  return { name: "out", index: undefined, layout, dataType: undefined, ...changes };
}

/** Values as a function without types might assign them. */
// deno-lint-ignore no-explicit-any -- wrong types are what it is about
type Loose = any;

Deno.test("a typed array is one band; a record and a block are as many as they say", () => {
  const one = new Float32Array(12);
  assertEquals(outputPixels({ out: one }, plan(), SHAPE), { data: one, type: "float32", bands: 1 });
  const two = new Int8Array(24);
  assertEquals(outputPixels({ out: { data: two, bands: 2 } }, plan(), SHAPE), {
    ...{ data: two, type: "int8", bands: 2 },
  });
  const block = new RasterBlock(new BigInt64Array(36), { bands: 3, rows: 3, cols: 4 }, null);
  assertEquals(outputPixels({ out: block }, plan(), SHAPE), { data: block.data, type: "int64", bands: 3 });
  const list = { out: [one, { data: two, bands: 2 }] };
  assertEquals(outputPixels(list, plan({ index: 1 }), SHAPE).bands, 2);
});

Deno.test("what is no output is refused with what was expected in its place", () => {
  const cases: readonly (readonly [Loose, Partial<OutputPlan>, ...string[]])[] = [
    [{}, {}, "never assigned outputs.out"],
    [{ out: undefined }, {}, "outputs.out must be a typed array", "not undefined"],
    [{}, { name: "toString" }, "never assigned outputs.toString"],
    [{ out: null }, {}, "outputs.out must be a typed array", "not null"],
    [{ out: 5 }, {}, "a value of type number"],
    [{ out: new Array(12).fill(1) }, {}, "outputs.out must be a typed array", "a plain list"],
    [{ out: { data: new Array(12).fill(1), bands: 1 } }, {}, "must hold a typed array", "a plain list"],
    [{ out: { bands: 1 } }, {}, "must hold a typed array", "undefined"],
    [{ out: { data: new Uint8Array(12) } }, {}, "outputs.out has data but no bands"],
    [{ out: { data: new Uint8Array(12), bands: 0 } }, {}, "bands = 0"],
    [{ out: { data: new Uint8Array(12), bands: "1" } }, {}, "bands = 1"],
    [{ out: new DataView(new ArrayBuffer(12)) }, {}, "not DataView"],
    [{ out: new Uint8Array(11) }, {}, "has 11 pixels", "1 band(s) of 3 rows x 4 columns", "are 12"],
    [{ out: new Uint8Array(0) }, {}, "has 0 pixels"],
    [{ out: new Uint8Array(24) }, {}, "has 24 pixels", "for 2 bands assign { data, bands: 2 }"],
    [{ out: { data: new Uint8Array(12), bands: 2 } }, {}, "has 12 pixels", "are 24"],
    [{ out: new Float64Array(12) }, { dataType: "float32" }, "is float64", "fixed as float32"],
    [{ out: new Uint8Array(12) }, { index: 0 }, "outputs.out must be a list, one entry a file"],
    [{ out: [new Uint8Array(12)] }, { index: 1 }, "never assigned outputs.out[1]"],
    [{ out: [new Uint8Array(12), [1]] }, { index: 1 }, "outputs.out[1] must be a typed array"],
  ];
  for (const [outputs, changes, ...says] of cases) {
    for (const words of says) {
      assertThrows(() => outputPixels(outputs as BlockOutputs, plan(changes), SHAPE), BlockfleetError, words);
    }
  }
});

Deno.test("names that are no output's are refused with the names there are", () => {
  const value = new Uint8Array(12);
  checkOutputNames({ a: value }, new Set(["a", "b"]));
  assertThrows(
    () => checkOutputNames({ a: value, bb: value }, new Set(["a", "b"])),
    BlockfleetError,
    "assigned outputs.bb, which is not an output: the outputs are a, b",
  );
  assertThrows(() => checkOutputNames({ a: value }, new Set()), BlockfleetError, "there are none");
});
