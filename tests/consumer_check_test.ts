import { assert } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const ROOT = new URL("../", import.meta.url);

/** Every entry point, by the name that users import it by. */
async function entryPoints(): Promise<Map<string, string>> {
  const { name, exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  return new Map(
    Object.entries(exports as Record<string, string>).map((
      [path, file],
    ) => [join(name, path), new URL(file, ROOT).href]),
  );
}

const PROGRAM = `
import { apply, type BlockInputs, type BlockOutputs, CW_THREADS, mapBlocks, type ReaderInfo } from "@blockfleet/blockfleet";
import type { Driver, Fleet, FleetSpec } from "@blockfleet/blockfleet/driver";
import { driverContract } from "@blockfleet/blockfleet/testing";

export default function ndvi(_info: ReaderInfo, { img }: BlockInputs, outputs: BlockOutputs): void {
  const red = img.band(2);
  outputs.ndvi = new Float32Array(red.length).map((_, i) => Number(red[i]) / 2);
}

export async function program(): Promise<number> {
  const result = await apply({
    userFunction: ndvi,
    infiles: { img: "scene.tif" },
    outfiles: { ndvi: "ndvi.tif" },
    controls: { outputNoData: NaN },
    concurrency: { computeWorkerKind: CW_THREADS, numComputeWorkers: 4 },
    signal: undefined,
  });
  for await (const { result } of mapBlocks({ userFunction: (n: number) => n * n, blocks: [1, 2] })) console.log(result);
  return result.wallSeconds;
}

export const driver: Driver = {
  kind: "CW_MINE",
  computeWorkersReadDefault: true,
  inProcess: true,
  supportsSingleBlock: false,
  canInterrupt: false,
  available: () => Promise.resolve({ available: false, reason: "it is only checked" }),
  start: (spec: FleetSpec): Promise<Fleet> => Promise.reject(new Error(String(spec.workers))),
};

export const contract: () => void = () => driverContract(driver);
`;

// With strict options alone, as in a deno.json that has only imports: ours don't count in a consumer's project.
Deno.test("a program outside with a bare deno.json passes the type check, every entry point too", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const imports = await entryPoints();
    await Deno.writeTextFile(
      join(folder, "deno.json"),
      JSON.stringify({ imports: Object.fromEntries(imports) }),
    );
    const all = [...imports.keys()].map((name, at) => `export type * as Entry${at} from "${name}";\n`).join(
      "",
    );
    await Deno.writeTextFile(join(folder, "program.ts"), all + PROGRAM);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--no-lock", "--cached-only", "program.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const said = new TextDecoder().decode(stderr).replaceAll(fromFileUrl(ROOT), "");
    assert(success, said);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
