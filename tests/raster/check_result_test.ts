import { assertEquals, assertThrows } from "@std/assert";
import { BlockfleetError } from "../../core/errors.ts";
import { checkResult } from "../../raster/check_result.ts";

const OUTPUT = { type: "uint8", bands: 1, lengths: Uint32Array.of(3), crcs: Uint32Array.of(7) };

Deno.test("a result with a part for each output is one", () => {
  const header = { outputs: [OUTPUT, OUTPUT] };
  assertEquals(checkResult({ header, parts: [new Uint8Array(3), new Uint8Array(3)] }, 2), header as never);
});

Deno.test("whatever else a worker sends is refused", () => {
  const headers = [
    undefined,
    null,
    7,
    {},
    { outputs: [] },
    { outputs: [OUTPUT, OUTPUT] },
    { outputs: [null] },
    { outputs: [{ ...OUTPUT, type: "uint7" }] },
    { outputs: [{ ...OUTPUT, bands: 0 }] },
    { outputs: [{ ...OUTPUT, bands: 1.5 }] },
    { outputs: [{ ...OUTPUT, lengths: [3] }] },
    { outputs: [{ ...OUTPUT, crcs: Uint32Array.of() }] },
  ];
  for (const header of headers) {
    assertThrows(
      () => checkResult({ header, parts: [new Uint8Array(3)] }, 1),
      BlockfleetError,
      "A worker sent",
    );
  }
  assertThrows(() => checkResult({ header: { outputs: [OUTPUT] }, parts: [] }, 1), BlockfleetError);
});
