/**
 * A tiny disk for tests that fill it: a tmpfs, where this process may mount one.
 *
 * @module
 */

/** Why there can be no small disk here, or false if there can. */
export const smallDiskMissing: string | false = canMount() ? false : "needs Linux and root, to mount a tmpfs";

/** Mounts a disk of `bytes`, which is gone with all that is on it when the test is over. */
export function smallDisk(
  bytes: number,
  options: { readOnly?: boolean } = {},
): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "blockfleet_disk_" });
  if (!mount(path, `size=${bytes},${options.readOnly ? "ro" : "rw"}`)) {
    Deno.removeSync(path);
    throw new Error(`cannot mount a tmpfs at ${path}`);
  }
  const unmount = () => {
    runQuietly("umount", path);
    Deno.removeSync(path);
  };
  return { path, [Symbol.dispose]: unmount };
}

function canMount(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const path = Deno.makeTempDirSync({ prefix: "blockfleet_disk_" });
  const mounted = mount(path, "size=4096,ro");
  if (mounted) runQuietly("umount", path);
  Deno.removeSync(path);
  return mounted;
}

function mount(path: string, options: string): boolean {
  return runQuietly("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
}

function runQuietly(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
