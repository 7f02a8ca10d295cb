import { assertEquals, assertThrows } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { FinishedPart } from "../../raster/output/finished_part.ts";
import { tempFolder } from "../gdal.ts";
import { filesIn } from "./apply_support.ts";

const FACTS = { byteLength: 5, format: { dataType: "uint8", bands: 1 } } as const;

Deno.test("a file that was finished gets its name, or has it already if it is of the right length", () => {
  using folder = tempFolder();
  const path = folder.file("a.tif");
  Deno.writeTextFileSync(path, "an older output");
  Deno.writeTextFileSync(`${path}.part`, "12345");
  for (let time = 0; time < 2; time++) {
    FinishedPart.find(path, FACTS).publish();
    assertEquals([Deno.readTextFileSync(path), filesIn(folder.path)], ["12345", ["a.tif"]]);
  }
});

Deno.test("a finished file of another length, or one that is nowhere, is refused and nothing is touched", () => {
  const cases: [Record<string, string>, string][] = [
    [{}, "a.tif.part' is not there, nor is there the output itself, which should have 5 bytes"],
    [
      { "a.tif": "an older output" },
      "is not there, and of 15 bytes is the output itself, which should have 5 bytes",
    ],
    [{ "a.tif": "12345", "a.tif.part": "1234" }, "a.tif.part' has 4 bytes instead of 5"],
  ];
  for (const [files, words] of cases) {
    using folder = tempFolder();
    for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(folder.file(name), text);
    const error = assertThrows(() => FinishedPart.find(folder.file("a.tif"), FACTS), RasterError, words);
    assertEquals(error.message.includes("--restart"), true);
    for (const [name, text] of Object.entries(files)) {
      assertEquals(Deno.readTextFileSync(folder.file(name)), text);
    }
  }
});
