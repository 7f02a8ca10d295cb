/**
 * Builds the WebAssembly that is part of the sources, from AssemblyScript: `deno task wasm`. With `--check` it only says
 * whether what stands there is what the sources give.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** Not in deno.json: its hundred megabytes are only for those who change what it compiles. */
const COMPILER = "npm:assemblyscript@0.28.20/asc";
/** The folders here; each becomes one module of the codecs. */
const MODULES = ["word_deflate", "lzw", "jpeg", "pixels", "pack_bits"];
const LINE_CHARS = 100;

for (const name of MODULES) {
  const entry = fromFileUrl(new URL(`./${name}/main.ts`, import.meta.url));
  const target = fromFileUrl(new URL(`../raster/geotiff/codecs/${name}_wasm.ts`, import.meta.url));
  const text = moduleText(name, await compile(entry));
  if (!Deno.args.includes("--check")) await Deno.writeTextFile(target, text);
  else if (await Deno.readTextFile(target) !== text) {
    console.error(`'${target}' is not what wasm/${name} gives: run deno task wasm`);
    Deno.exit(1);
  }
}

async function compile(entry: string): Promise<Uint8Array> {
  const outFile = await Deno.makeTempFile({ suffix: ".wasm" });
  try {
    // No allocator, no garbage collector, no checks: the sources lay all memory out.
    const flags = ["-O3", "--noAssert", "--runtime", "stub", "--use", "abort=", "--enable", "simd"];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", COMPILER, entry, "--outFile", outFile, ...flags],
    }).output();
    if (!success) throw new Error(`'${entry}' does not compile: ${new TextDecoder().decode(stderr).trim()}`);
    return await Deno.readFile(outFile);
  } finally {
    await Deno.remove(outFile);
  }
}

function moduleText(name: string, binary: Uint8Array): string {
  const base64 = binary.toBase64();
  const lines: string[] = [];
  for (let at = 0; at < base64.length; at += LINE_CHARS) lines.push(base64.slice(at, at + LINE_CHARS));
  return `/**
 * The compiled form of \`wasm/${name}\`, made by \`deno task wasm\`; not to be edited.
 *
 * @module
 */

/** A WebAssembly module, base64. */
export const ${name.toUpperCase()}_WASM: string = [
${lines.map((line) => `  "${line}",`).join("\n")}
].join("");
`;
}
