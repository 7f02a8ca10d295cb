/**
 * Builds the WebAssembly that is part of the sources, from AssemblyScript: `deno task wasm`. With `--check` it only says
 * whether what stands there is what the sources give.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** Not in deno.json: its hundred megabytes are only for those who change what it compiles. */
const COMPILER = "npm:assemblyscript@0.28.20/asc";
const ENTRY = fromFileUrl(new URL("./word_deflate/main.ts", import.meta.url));
const TARGET = fromFileUrl(new URL("../raster/geotiff/codecs/word_deflate_wasm.ts", import.meta.url));
const LINE_CHARS = 100;

const text = moduleText(await compile(ENTRY));
if (!Deno.args.includes("--check")) await Deno.writeTextFile(TARGET, text);
else if (await Deno.readTextFile(TARGET) !== text) {
  console.error(`'${TARGET}' is not what wasm/word_deflate gives: run deno task wasm`);
  Deno.exit(1);
}

async function compile(entry: string): Promise<Uint8Array> {
  const outFile = await Deno.makeTempFile({ suffix: ".wasm" });
  try {
    // No allocator, no garbage collector, no checks: the sources lay all memory out.
    const flags = ["-O3", "--noAssert", "--runtime", "stub", "--use", "abort="];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", COMPILER, entry, "--outFile", outFile, ...flags],
    }).output();
    if (!success) throw new Error(`'${entry}' does not compile: ${new TextDecoder().decode(stderr).trim()}`);
    return await Deno.readFile(outFile);
  } finally {
    await Deno.remove(outFile);
  }
}

function moduleText(binary: Uint8Array): string {
  const base64 = binary.toBase64();
  const lines: string[] = [];
  for (let at = 0; at < base64.length; at += LINE_CHARS) lines.push(base64.slice(at, at + LINE_CHARS));
  return `/**
 * The compiled form of \`wasm/word_deflate\`, made by \`deno task wasm\`; not to be edited.
 *
 * @module
 */

/** A WebAssembly module, base64. */
export const WORD_DEFLATE_WASM: string = [
${lines.map((line) => `  "${line}",`).join("\n")}
].join("");
`;
}
