import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dirname } from "@std/path";
import { parseJsonArgument } from "../../cli/json_argument.ts";
import { findJsonFault } from "../../cli/json_fault.ts";
import { toJson } from "../../cli/json_output.ts";
import { parseNamedFiles, parseNamedValue, splitList } from "../../cli/named_values.ts";
import {
  parseBands,
  parseChoice,
  parseCount,
  parseDataType,
  parseNoData,
  parseSeconds,
  parseWindow,
} from "../../cli/option_values.ts";
import { ConfigError } from "../../core/errors.ts";

function refused(parse: () => unknown): string {
  return assertThrows(parse, ConfigError).message;
}

Deno.test("counts, seconds, windows, bands and choices are checked", () => {
  assertEquals(parseCount("workers", "8", { min: 0 }), 8);
  assertEquals(
    refused(() => parseCount("workers", "-1", { min: 0 })),
    "--workers takes a whole number, 0 or more, not '-1'",
  );
  assertEquals(
    refused(() => parseCount("size", "1e9", { min: 1, max: 9 })),
    "--size takes a whole number, 1 to 9, not '1e9'",
  );
  assertEquals([parseSeconds("t", "0.5"), parseSeconds("t", "none")], [0.5, undefined]);
  for (const bad of ["0", "-1", "", "soon", "Infinity"]) {
    assertEquals(
      refused(() => parseSeconds("t", bad)),
      `--t takes seconds, more than 0, or none, not '${bad}'`,
    );
  }
  assertEquals(parseWindow("window", "512x256"), { width: 512, height: 256 });
  assertEquals(parseWindow("window", "300"), { width: 300, height: 300 });
  for (const bad of ["0x5", "5x", "axb", "1x2x3", "-5"]) refused(() => parseWindow("window", bad));
  assertEquals(parseBands("layers", "1,3"), [1, 3]);
  refused(() => parseBands("layers", "0"));
  refused(() => parseBands("layers", "1,,2"));
  assertEquals(
    refused(() => parseChoice("footprint", "unoin", ["intersection", "union"])),
    "--footprint takes intersection, union, not 'unoin': did you mean union?",
  );
});

Deno.test("a pixel type has blockfleet's name or GDAL's", () => {
  assertEquals(["float32", "Float32", "Byte", "UInt16"].map((name) => parseDataType("type", name)), [
    "float32",
    "float32",
    "uint8",
    "uint16",
  ]);
  refused(() => parseDataType("type", "flaot32"));
});

Deno.test("a nodata value is a number, a bigint where a double can't hold it, or none", () => {
  assertEquals(["0", "-9999", "+1", "-3.4e38", ".5", "none"].map((text) => parseNoData("nodata", text)), [
    0,
    -9999,
    1,
    -3.4e38,
    0.5,
    null,
  ]);
  assertEquals(parseNoData("nodata", "nan"), NaN);
  assertEquals(parseNoData("nodata", "-inf"), -Infinity);
  assertEquals(parseNoData("nodata", "9007199254740991"), 9007199254740991);
  assertEquals(parseNoData("nodata", "-9223372036854775808"), -9223372036854775808n);
  for (const bad of ["", "0x10", "1,5", "null", "1e"]) refused(() => parseNoData("nodata", bad));
});

Deno.test("only the first = parts a name from its file, and a comma can be escaped", () => {
  assertEquals(
    parseNamedFiles("in", ["a=x=1.tif", "b=p,q", "c=a\\,b.tif", "d=one.tif,", "e=C:\\data\\x.tif"]),
    {
      a: "x=1.tif",
      b: ["p", "q"],
      c: "a,b.tif",
      d: ["one.tif"],
      e: "C:\\data\\x.tif",
    },
  );
  assertEquals(parseNamedFiles("in", ["u=https://host/x.tif?a=b"]), { u: "https://host/x.tif?a=b" });
  assertEquals(splitList("a\\,b,c"), ["a,b", "c"]);
});

Deno.test("a file without a name, a name without a file, and a name given twice are refused", () => {
  assertEquals(
    refused(() => parseNamedFiles("in", ["x.tif"])),
    "--in 'x.tif' has no name: write --in NAME=x.tif",
  );
  assertEquals(
    refused(() => parseNamedFiles("in", ["img="])),
    "--in 'img=' lacks a file: write NAME=FILE or NAME=FILE,FILE",
  );
  refused(() => parseNamedFiles("in", ["img=a,,b"]));
  refused(() => parseNamedFiles("in", ["2x=a"]));
  refused(() => parseNamedFiles("in", ["=a"]));
  assertEquals(
    refused(() => parseNamedFiles("in", ["img=a", "img=b"])).startsWith("--in img is given twice: "),
    true,
  );
});

Deno.test("a value is for a name, or for all", () => {
  const options = { names: ["ndvi", "evi"], what: "output", form: "--co [NAME:]KEY=VALUE" };
  assertEquals(parseNamedValue("co", "COMPRESS=ZSTD", options), { name: "*", value: "COMPRESS=ZSTD" });
  assertEquals(parseNamedValue("co", "ndvi:A=B", options), { name: "ndvi", value: "A=B" });
  assertEquals(parseNamedValue("co", "A=b:c", options), { name: "*", value: "A=b:c" });
  assertEquals(
    refused(() => parseNamedValue("co", "ndiv:A=B", options)),
    "--co 'ndiv:A=B': 'ndiv' is no output: did you mean ndvi? the outputs are ndvi, evi",
  );
  assertEquals(
    refused(() =>
      parseNamedValue("layers", "1,2", { ...options, form: "--layers NAME:BANDS", nameNeeded: true })
    ),
    "--layers '1,2' does not say for which output: write --layers NAME:BANDS",
  );
});

Deno.test("bad JSON is shown with its line and column", async () => {
  const message = async (text: string) =>
    (await assertRejects(() => parseJsonArgument("args", text), ConfigError)).message;
  assertEquals(await parseJsonArgument("args", '{"a": [1, null]}'), { a: [1, null] });
  assertEquals(
    await message("{threshold: 1}"),
    "--args is not JSON: at line 1, column 2 there should be a name in \"double quotes\" but there is 'threshold: 1}'",
  );
  assertEquals(
    await message('{"a": 1,\n "b": }'),
    "--args is not JSON: at line 2, column 7 there should be a value but there is '}'",
  );
  assertEquals(
    await message("[1, 2"),
    "--args is not JSON: at line 1, column 6 there should be ',' or ']' but there is the end",
  );
  assertEquals(
    await message(""),
    "--args is not JSON: at line 1, column 1 there should be a value but there is the end; JSON null is written null",
  );
  assertEquals(
    await message("[".repeat(100_000)),
    "--args is not JSON: at line 1, column 602 there should be no more than 600 levels of lists and objects but there is " +
      "'[[[[[[[[[[[[[[[[[[[['",
  );
  // A string of millions of characters, which a pattern with a choice for each could not take.
  assertEquals(
    await message(`["${"x\\n".repeat(5_000_000)}", ?]`),
    "--args is not JSON: at line 1, column 15000006 there should be a value but there is '?]'",
  );
});

Deno.test("JSON can come from a file, whose name is in the error", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, '\ufeff{"a": 1}');
    assertEquals(await parseJsonArgument("args", `@${file}`), { a: 1 });
    await Deno.writeTextFile(file, "1 2");
    const { message } = await assertRejects(() => parseJsonArgument("args", `@${file}`), ConfigError);
    assertEquals(
      message,
      `'${file}' of --args is not JSON: at line 1, column 3 there should be the end but there is '2'`,
    );
    // Latin-1, where the letter is one byte.
    await Deno.writeFile(file, Uint8Array.from('{"a": 1,\n"b": "Stra\xdfe"}', (char) => char.charCodeAt(0)));
    await assertRejects(
      () => parseJsonArgument("args", `@${file}`),
      ConfigError,
      `Cannot read '${file}' of --args: it is not UTF-8 text (line 2). Save it as UTF-8`,
    );
    await assertRejects(
      () => parseJsonArgument("args", `@${file}.none`),
      ConfigError,
      `Cannot read '${file}.none' of --args: there is no such file. After @ write the path of a file of JSON`,
    );
    await assertRejects(
      () => parseJsonArgument("args", `@${dirname(file)}`),
      ConfigError,
      `Cannot read '${dirname(file)}' of --args: it is a folder`,
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a fault is found exactly where JSON.parse finds one, in every damaged text", () => {
  const good = '{"a": [1, -2.5e3, "x\\n\\u00e9"], "b": {"c": true, "d": null}, "": []}';
  assertEquals(findJsonFault(good), { offset: good.length, expected: "the end" });
  for (let at = 0; at <= good.length; at++) {
    for (
      const text of [
        good.slice(0, at),
        `${good.slice(0, at)}?${good.slice(at)}`,
        good.slice(0, at) + good.slice(at + 1),
      ]
    ) {
      let isGood = true;
      try {
        JSON.parse(text);
      } catch {
        isGood = false;
      }
      const { offset, expected } = findJsonFault(text);
      assertEquals(expected === "the end" && offset === text.length, isGood, text);
    }
  }
});

Deno.test("JSON output holds bigints, typed arrays, maps and sets, and no NaN", () => {
  const value = {
    big: 2n ** 63n,
    small: 5n,
    pixels: Float32Array.of(1, NaN),
    map: new Map([["a", 1]]),
    pairs: new Map([[1, 2]]),
    set: new Set(["x"]),
  };
  assertEquals(
    toJson(value),
    '{"big":"9223372036854775808","small":5,"pixels":[1,null],"map":{"a":1},"pairs":[[1,2]],"set":["x"]}',
  );
});
