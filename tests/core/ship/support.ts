import { dirname } from "@std/path";
import { bundleModule, type BundleModuleOptions } from "../../../core/ship/bundle_module.ts";
import { loadShippedCode, type ShippedCode } from "../../../core/ship/shipped_code.ts";
import { toModuleUrl } from "../../../core/module_url.ts";
import { tempFolder } from "../../gdal.ts";

/** A folder with files in it; it goes with the scope. */
export function project(files: Readonly<Record<string, string | Uint8Array>>): ReturnType<typeof tempFolder> {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) {
    Deno.mkdirSync(dirname(folder.file(name)), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(folder.file(name), content);
    else Deno.writeFileSync(folder.file(name), content);
  }
  return folder;
}

/** Ships a module of a folder. */
export async function ship(
  folder: ReturnType<typeof tempFolder>,
  file: string,
  options: BundleModuleOptions = {},
): Promise<ShippedCode> {
  return await bundleModule(toModuleUrl(folder.file(file)), options);
}

/** The default export of shipped code. */
export async function load(code: ShippedCode): Promise<(...args: unknown[]) => unknown> {
  return (await loadShippedCode(code))["default"] as (...args: unknown[]) => unknown;
}

/** Where the lines of a stack are, the topmost first: `FILE:LINE:COLUMN` with the folder left out. */
export async function placesOf(run: () => unknown, folder: string): Promise<string[]> {
  try {
    await run();
  } catch (error) {
    const frames = (error as Error).stack!.split("\n").map((line) =>
      /^\s*at .*?((?:file|function|npm|data|blob):.+?:\d+:\d+)\)?$/.exec(line)?.[1]
    );
    return frames.filter((frame) => frame !== undefined).map((frame) =>
      frame.replace(`file://${folder}/`, "")
    );
  }
  throw new Error("It did not throw");
}

/** The places where a text stands in files, as stacks name them: `FILE:LINE:COLUMN`. */
export function placeIn(file: string, text: string, wanted: string): string {
  const before = text.slice(0, text.indexOf(wanted)).split("\n");
  return `${file}:${before.length}:${before.at(-1)!.length + 1}`;
}
