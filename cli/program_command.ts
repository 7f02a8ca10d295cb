/**
 * How this program is started, for hints that people copy.
 *
 * @module
 */
import { fromFileUrl, join, relative } from "@std/path";

/** What is known of the start. */
export interface ProgramStart {
  /** Whether this is a compiled program. */
  readonly standalone: boolean;
  /** The folders of PATH. */
  readonly path: readonly string[];
  /** The main module's URL. */
  readonly mainModule: string;
  /** Deno's version. */
  readonly version: string;
  /** Whether there is a file of this path. */
  readonly isFile: (path: string) => boolean;
}

/** The words to type before a command: `blockfleet` where that is a program here, else what runs this one again. */
export function programCommand(start: ProgramStart = thisStart()): string {
  if (start.standalone || isOnPath("blockfleet", start)) return "blockfleet";
  const deno = isOnPath("deno", start) ? "deno" : `npx -y deno@${start.version}`;
  return `${deno} run -A ${fromHere(start.mainModule)}`;
}

/** A file's path from the current folder; other URLs as they are. */
export function fromHere(url: string): string {
  return url.startsWith("file:") ? relative(Deno.cwd(), fromFileUrl(url)) : url;
}

function isOnPath(program: string, { path, isFile }: ProgramStart): boolean {
  const endings = Deno.build.os === "windows" ? [".exe", ".cmd"] : [""];
  // npx puts a folder there for as long as its program runs; nobody can type that name afterwards.
  const lasting = path.filter((folder) => !/node_modules[\\/]\.bin[\\/]?$/.test(folder));
  return lasting.some((folder) => endings.some((ending) => isFile(join(folder, program + ending))));
}

function thisStart(): ProgramStart {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  return {
    standalone: Deno.build.standalone,
    path: (Deno.env.get("PATH") ?? "").split(separator).filter((folder) => folder !== ""),
    mainModule: Deno.mainModule,
    version: Deno.version.deno,
    isFile: (path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        // Whatever it is that can't be looked at, it is no program to start.
        return false;
      }
    },
  };
}
