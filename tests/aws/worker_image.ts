/**
 * The worker image, as far as running it goes: this tree's own program in the place of the compiled one.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";
import type { Image } from "./agent/container.ts";

/** The image's name. */
export const WORKER_IMAGE = "blockfleet-worker:test";

/** An image whose container fails at once. */
export const BROKEN_IMAGE = "broken:test";
/** An image whose container runs and never connects. */
export const DEAF_IMAGE = "deaf:test";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));

/** Images of a test account. */
export function workerImages(): Record<string, Image> {
  const words = [Deno.execPath(), "run", "--no-prompt", "--cached-only", "-A", MAIN];
  const env = { PATH: "/usr/bin:/bin", NO_COLOR: "1", DENO_DIR: denoDir() };
  return {
    [WORKER_IMAGE]: { entrypoint: words, programs: { blockfleet: words }, env },
    // One in which no worker starts, and one whose workers never say anything.
    [BROKEN_IMAGE]: stub("echo 'exec format error' >&2; exit 7", env),
    [DEAF_IMAGE]: stub("exec sleep 1000", env),
  };
}

function stub(script: string, env: Record<string, string>): Image {
  const words = ["/bin/sh", "-c", script];
  return { entrypoint: words, programs: { blockfleet: words }, env };
}

function denoDir(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/", ".cache");
  return Deno.env.get("DENO_DIR") ?? join(cache, "deno");
}
