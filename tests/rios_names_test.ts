/** docs/from_rios.md has every name of RIOS's manager, and what it says stands in their place is there. */
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { sharedFile } from "./gdal.ts";

const ROOT = new URL("../", import.meta.url);
const REFERENCE = "seeds/rios.computemanager.md";

/** A row of the table. */
interface Row {
  /** RIOS's name: `Class.method`, `function()`, or a value's. */
  readonly rios: string;
  /** Ours: `name` or `Type.member`; `-` for none. */
  readonly here: string;
  /** The package's entry that exports it. */
  readonly from: string;
  /** In words. */
  readonly differs: string;
}

async function table(): Promise<Row[]> {
  const page = await Deno.readTextFile(new URL("docs/from_rios.md", ROOT));
  const [, section] = /\n## The manager\n([^]*?)\n## /.exec(page)!;
  const rows = section!.split("\n").filter((line) => line.startsWith("|")).slice(2);
  return rows.map((line) => {
    const [rios, here, from, ...differs] = line.split("|").slice(1, -1).map((cell) => cell.trim());
    const plain = (cell: string) => cell.replaceAll("`", "");
    return { rios: plain(rios!), here: plain(here!), from: plain(from!), differs: differs.join("|") };
  });
}

/** A declaration as `deno doc --json` gives it; the parts that are looked at. */
interface Declaration {
  readonly kind: string;
  readonly def?: Readonly<Record<string, unknown>>;
}

/** The names that an entry of the package exports, and `Type.member` for members of classes and interfaces. */
async function exportsOf(path: string): Promise<{ names: Set<string>; undocumented: Set<string> }> {
  const url = new URL(path, ROOT);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", fromFileUrl(url)],
    stdin: "null",
    stderr: "null",
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const names = new Set<string>();
  const undocumented = new Set<string>();
  const note = (name: string, doc: { readonly jsDoc?: { readonly doc?: string } }) => {
    names.add(name);
    if (!doc.jsDoc?.doc) undocumented.add(name);
  };
  for (const symbol of nodes[url.href].symbols) {
    for (const declaration of symbol.declarations as (Declaration & { jsDoc?: { doc?: string } })[]) {
      note(symbol.name, declaration);
      for (const members of ["methods", "properties"]) {
        const list = (declaration.def?.[members] ?? []) as { name: string; jsDoc?: { doc?: string } }[];
        for (const member of list) note(`${symbol.name}.${member.name}`, member);
      }
    }
  }
  return { names, undocumented };
}

const rows = await table();

Deno.test("the table has six classes, 44 methods, one function and seven values, each once, with what differs", () => {
  const names = rows.map(({ rios }) => rios);
  assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
  const values = names.filter((name) => name.startsWith("CW_"));
  const functions = names.filter((name) => name.endsWith("()"));
  const methods = names.filter((name) => name.includes("."));
  const classes = names.filter((name) =>
    !values.includes(name) && !functions.includes(name) && !methods.includes(name)
  );
  assertEquals([classes.length, methods.length, functions.length, values.length], [6, 44, 1, 7]);
  assertEquals(rows.filter(({ differs }) => differs === "").map(({ rios }) => rios), []);
});

Deno.test("every name that the table gives in the place of RIOS's is exported from where it says, and documented", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const entries = [...new Set(rows.map(({ from }) => from).filter((from) => from !== "-"))];
  const found = new Map(
    await Promise.all(entries.map(async (entry) => [entry, await exportsOf(exports[entry])] as const)),
  );
  const wrong = rows.filter(({ here, from }) => here !== "-" && !found.get(from)!.names.has(here));
  assertEquals(wrong.map(({ rios, here, from }) => `${rios}: no ${here} in ${from}`), []);
  const silent = rows.filter(({ here, from }) => here !== "-" && found.get(from)!.undocumented.has(here));
  assertEquals([...new Set(silent.map(({ here, from }) => `${here} of ${from}`))], []);
  // What is said of the other two queues holds, too.
  for (const { here } of rows.filter(({ from }) => from === "./drivers/slurm")) {
    for (const entry of ["./drivers/pbs", "./drivers/sge"]) {
      const { names } = found.get(entry) ?? await exportsOf(exports[entry]);
      assertEquals(names.has(here), true, `${here} in ${entry}`);
    }
  }
});

Deno.test("values and functions are there when the package is imported, not only in its types", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const types = ["DriverContext.openChannel", "WorkerProgram", "Driver.start"];
  for (const { here, from } of rows) {
    if (here === "-" || types.includes(here)) continue;
    const module = await import(new URL(exports[from], ROOT).href);
    const [name, member] = here.split(".") as [string, string?];
    const value = module[name];
    assertEquals(typeof (member === undefined ? value : value.prototype[member]) !== "undefined", true, here);
    if (name.startsWith("CW_")) assertEquals(value, name);
  }
});

const reference = sharedFile(REFERENCE);
Deno.test({
  name: `the table's names are those of RIOS's own reference${
    reference === undefined ? ` (skipped: needs ../shared/${REFERENCE})` : ""
  }`,
  ignore: reference === undefined,
  async fn() {
    const lines = (await Deno.readTextFile(reference!)).replaceAll("&nbsp;", " ").replaceAll("\\", "").split(
      "\n",
    );
    const named = lines.flatMap((line) => {
      const [, name, isFunction] = /^### class (\w+)/.exec(line) ?? /^#### +(\w+\.\w+)\(/.exec(line) ??
        /^### def (\w+)(\()/.exec(line) ?? /^ {4}(CW_\w+) =/.exec(line) ?? [];
      return name === undefined ? [] : [isFunction ? `${name}()` : name];
    });
    assertEquals(rows.map(({ rios }) => rios).toSorted(), named.toSorted());
  },
});
