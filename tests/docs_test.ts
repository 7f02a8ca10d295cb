import { assertEquals, assertNotEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

function pages(): string[] {
  const docs = [...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => `docs/${name}`);
  return ["README.md", ...docs.filter((name) => name.endsWith(".md"))];
}

function exists(url: URL): boolean {
  try {
    Deno.statSync(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("commands to copy name the version of Deno that is pinned", async () => {
  const pinned = (await read(".dvmrc")).trim();
  const named: string[] = [];
  for (const page of pages()) {
    for (const [, version] of (await read(page)).matchAll(/\bdeno@([\w.]+)/g)) named.push(version!);
  }
  assertNotEquals(named, []);
  assertEquals(named.filter((version) => version !== pinned), []);
});

Deno.test("links between pages, and to files, lead to files that are there", async () => {
  const broken: string[] = [];
  for (const page of pages()) {
    for (const [, link] of (await read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link!)) continue;
      if (!exists(new URL(link!.replace(/#.*$/, ""), new URL(page, ROOT)))) broken.push(`${page}: ${link}`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("every library that is imported stands, with its reason, in docs/libraries.md", async () => {
  const { imports } = JSON.parse(await read("deno.json")) as { imports: Record<string, string> };
  const packages = Object.keys(imports).map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)![0]);
  const listed = [...(await read("docs/libraries.md")).matchAll(/`([^`\n]+)`/g)].map(([, name]) => name!);
  const isListed = (name: string) =>
    listed.some((one) => one === name || one.endsWith("*") && name.startsWith(one.slice(0, -1)));
  assertEquals([...new Set(packages)].filter((name) => !isListed(name)), []);
});
