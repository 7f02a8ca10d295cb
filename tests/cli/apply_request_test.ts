import { assertEquals, assertRejects } from "@std/assert";
import { APPLY_HELP } from "../../cli/apply_help.ts";
import { applyRequest } from "../../cli/apply_request.ts";
import { optionsOf } from "../../cli/command.ts";
import { parseOptions } from "../../cli/option_table.ts";
import { ConfigError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";

function request(args: string, cores = 4): Promise<ApplyOptions> {
  const parsed = parseOptions(optionsOf(APPLY_HELP), ["f.ts", ...args.split(" ")]);
  return applyRequest(parsed, { cores });
}

async function refused(args: string): Promise<string> {
  return (await assertRejects(() => request(args), ConfigError)).message;
}

Deno.test("the least is a module and an input, and the default is a thread for each core", async () => {
  assertEquals(await request("--in img=a.tif"), {
    userFunction: "f.ts",
    infiles: { img: "a.tif" },
    outfiles: {},
    controls: {},
    concurrency: { computeWorkerKind: "CW_THREADS", numComputeWorkers: 4 },
  });
});

Deno.test("the files that the command line names besides are known to the job, which writes over none of them", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, "{}");
    const { otherFiles } = await request(
      `--in img=a.tif --args @${file} --extra-params @${file} --driver ./d.ts --report r.html`,
    );
    assertEquals(otherFiles, [
      { what: "the file of --args", path: file },
      { what: "the file of --extra-params", path: file },
      { what: "the module of --driver", path: "./d.ts" },
      { what: "the report", path: "r.html", isWritten: true },
    ]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("every option finds its place in the arguments of apply()", async () => {
  const given = await request(
    "--in img=a.tif --in aux=b.tif,c.tif --out ndvi=n.tif --out mask=m.tif --layers img:4,3 " +
      "--nodata -1 --nodata mask:none --nodata img:0 --args {} --window 512x256 --window-exact --overlap 2 " +
      "--footprint bounds-from-reference --reference r.tif --files-for-extent img,aux --type mask:Byte " +
      "--co COMPRESS=ZSTD --co mask:compress=NONE --layer-names ndvi:a,b --take-over --kind CW_X --workers 3 " +
      "--read-workers 2 --compute-workers-read no --extra-params {} --job-name j --max-block-errors 1 " +
      "--max-block-losses 0 --max-worker-losses 9 --no-copies --block-timeout 5 --queue-timeout 60 " +
      "--compute-barrier-timeout 1 --read-buffer-insert-timeout 2 --read-buffer-pop-timeout 3 " +
      "--compute-buffer-insert-timeout 4 --compute-buffer-pop-timeout none",
  );
  assertEquals(given, {
    userFunction: "f.ts",
    infiles: { img: "a.tif", aux: ["b.tif", "c.tif"] },
    outfiles: { ndvi: "n.tif", mask: "m.tif" },
    otherArgs: {},
    jobName: "j",
    controls: {
      windowxsize: 512,
      windowysize: 256,
      windowExact: true,
      overlap: 2,
      footprint: "bounds_from_reference",
      reference: "r.tif",
      filesForExtent: ["img", "aux"],
      layers: { img: [4, 3] },
      inputNoData: { img: 0 },
      outputNoData: { "*": -1, mask: null },
      outputType: { mask: "uint8" },
      creationOptions: {
        "*": ["COMPRESS=ZSTD"],
        ndvi: ["COMPRESS=ZSTD"],
        mask: ["compress=NONE"],
      },
      layerNames: { ndvi: ["a", "b"] },
      takeOver: true,
    },
    concurrency: {
      computeWorkerKind: "CW_X",
      numComputeWorkers: 3,
      numReadWorkers: 2,
      computeWorkersRead: false,
      computeWorkerExtraParams: {},
      maxBlockErrors: 1,
      maxBlockLosses: 0,
      maxWorkerLosses: 9,
      copies: false,
      blockTimeout: 5,
      queueTimeout: 60,
      computeBarrierTimeout: 1,
      readBufferInsertTimeout: 2,
      readBufferPopTimeout: 3,
      computeBufferInsertTimeout: 4,
    },
  });
});

Deno.test("CW_NONE gets no workers unless they are asked for", async () => {
  assertEquals((await request("--in a=b --kind CW_NONE")).concurrency, { computeWorkerKind: "CW_NONE" });
  const asked = await request("--in a=b --kind CW_NONE --workers 2");
  assertEquals(asked.concurrency?.numComputeWorkers, 2);
});

Deno.test("workers are a number, a range, or one for every block", async () => {
  const style = async (args: string) =>
    (await request(`--in a=b --kind CW_X ${args}`)).concurrency as unknown;
  const kind = { computeWorkerKind: "CW_X" };
  assertEquals(await style("--workers 7"), { ...kind, numComputeWorkers: 7 });
  assertEquals(await style("--workers 2:7"), { ...kind, minComputeWorkers: 2, numComputeWorkers: 7 });
  assertEquals(await style("--single-block-workers"), { ...kind, singleBlockComputeWorkers: true });
  assertEquals(await style("--shared-temp no"), { ...kind, numComputeWorkers: 4, haveSharedTemp: false });
  for (const range of ["0:4", "5:4", "1:", ":4", "1:2:3", "a:4"]) {
    assertEquals(
      await refused(`--in a=b --workers ${range}`),
      `--workers takes a number, or the least and the most, such as 20:200, not '${range}'`,
    );
  }
});

Deno.test("a kind's parameters come as an object, one by one, or both, and JSON is taken as such", async () => {
  const params = async (args: string) =>
    (await request(`--in a=b ${args}`)).concurrency?.computeWorkerExtraParams;
  assertEquals(await params(""), undefined);
  assertEquals(
    await params(`--extra-params {"a":1,"b":2} --param b=3 --param w=2:00:00 --param e= --no-arrays`),
    {
      ...{ a: 1, b: 3, w: "2:00:00", e: "", arrays: false },
    },
  );
  assertEquals(await params(`--param a=["x","y=z"] --param b=true --param c="7" --param d=x=y`), {
    ...{ a: ["x", "y=z"], b: true, c: "7", d: "x=y" },
  });
  assertEquals(
    await params(
      `--extra-params {"manager":{"qos":"q"}} --param manager.walltime=1:00:00 --param walltime=9m`,
    ),
    { manager: { qos: "q", walltime: "1:00:00" }, walltime: "9m" },
  );
  assertEquals(
    await refused("--in a=b --param manager.walltime=9m --param manager=x"),
    "--param manager.walltime: manager is given, too, and is no object: give one of the two",
  );
  assertEquals(
    await refused("--in a=b --param walltime"),
    "--param 'walltime' is no parameter: write KEY=VALUE, such as walltime=2:00:00",
  );
  assertEquals(
    await refused("--in a=b --param a=1 --param a=2"),
    `--param a is given twice: leave one out, or write a list, a='["a","b"]'`,
  );
});

Deno.test("a name of an input and an output stands for both, and nodata values may be one a layer", async () => {
  const { controls } = await request("--in img=a --out img=b --nodata img:1,none,nan --type img:float32");
  assertEquals(controls, {
    inputNoData: { img: [1, null, NaN] },
    outputNoData: { img: [1, null, NaN] },
    outputType: { img: "float32" },
  });
});

Deno.test("a reference alone is enough to work on", async () => {
  assertEquals((await request("--reference r.tif --out o=o.tif")).infiles, {});
});

Deno.test("nothing to read, unknown names and doubled names are refused", async () => {
  assertEquals(
    (await refused("--out a=b")).startsWith("There is nothing to read: give --in NAME=FILE"),
    true,
  );
  assertEquals(
    await refused("--in img=a --layers imh:1"),
    "--layers 'imh:1': 'imh' is no input: did you mean img? the inputs are img",
  );
  assertEquals(
    await refused("--in img=a --out o=b --nodata imh:1"),
    "--nodata 'imh:1': 'imh' is no input or output: did you mean img? the inputs and outputs are img, o",
  );
  assertEquals(
    await refused("--in img=a --nodata img:1,x"),
    "--nodata takes a number, nan, inf or none, not 'x'",
  );
  assertEquals(
    await refused("--in img=a --type ndvi:uint8"),
    "--type 'ndvi:uint8': 'ndvi' is no output; there is no output",
  );
  assertEquals(
    await refused("--in a=b --out o=p --nodata o:1 --nodata o:2"),
    "--nodata is given twice for 'o'",
  );
  assertEquals(await refused("--in a=b --nodata 1 --nodata 2"), "--nodata is given twice for all");
  assertEquals(
    await refused("--in a=b --co ZSTD"),
    "--co 'ZSTD' is no creation option: write KEY=VALUE, such as COMPRESS=ZSTD",
  );
  assertEquals(
    await refused("--in a=b --extra-params [1]"),
    `--extra-params takes an object, such as '{"key": "value"}'`,
  );
});
