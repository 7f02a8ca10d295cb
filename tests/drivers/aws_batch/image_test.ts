import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";

const ROOT = new URL("../../../", import.meta.url);

function read(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, ROOT));
}

Deno.test("the worker image has the Deno that this tree is made for, no root, and an entry point that passes signals on", async () => {
  const lines = (await read("Dockerfile")).split("\n");
  const from = lines.filter((line) => line.startsWith("FROM"));
  assertEquals(from.map((line) => line.replace(/@sha256:[0-9a-f]{64}$/, "@DIGEST")), [
    `FROM denoland/deno:${(await read(".dvmrc")).trim()}@DIGEST`,
  ]);
  assertEquals(lines.filter((line) => line.startsWith("USER")), ["USER deno"]);
  assert(lines.includes(`ENTRYPOINT ["/tini", "--", "blockfleet"]`));
  assertMatch(lines.join("\n"), /exec deno run [^"]*-A \/blockfleet\/cli\/main\.ts "\$@"/);
});

Deno.test("what is kept for the image is there", async () => {
  const kept = (await read(".dockerignore")).split("\n").filter((line) => line.startsWith("!"));
  assert(kept.length > 5);
  for (const line of kept) await Deno.stat(new URL(line.slice(1), ROOT));
});

Deno.test("all that the program is made of gets into the image", async () => {
  const kept = (await read(".dockerignore")).split("\n").filter((line) => line.startsWith("!")).map((line) =>
    line.slice(1)
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "cli/main.ts"],
    cwd: fromFileUrl(ROOT),
    stdin: "null",
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: { specifier: string }[] };
  const own = modules.map(({ specifier }) => specifier).filter((url) => url.startsWith(ROOT.href))
    .map((url) => url.slice(ROOT.href.length));
  assert(own.includes("drivers/ecs.ts") && own.includes("cli/worker_command.ts"));
  assertEquals(own.filter((path) => !kept.some((name) => path === name || path.startsWith(`${name}/`))), []);
});
