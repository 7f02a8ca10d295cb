/**
 * Two hosts with a link between them, made of network namespaces (`ip netns`, iproute2).
 *
 * @module
 */

/** Why there can be none here; undefined if there can. */
export function whyNoHosts(): string | undefined {
  if (Deno.build.os !== "linux") return "network namespaces are Linux's";
  if (Deno.uid() !== 0) return "only root makes network namespaces";
  const name = `blockfleet_${crypto.randomUUID().slice(0, 8)}`;
  try {
    ip("netns", "add", name);
    ip("netns", "del", name);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "there is no ip (iproute2)" : String(error);
  }
  return undefined;
}

/** The manager's host and another one for workers. */
export class TwoHosts implements Disposable {
  /** The manager's network namespace. */
  readonly manager: string;
  /** The workers' network namespace. */
  readonly workers: string;
  readonly #ends: readonly [string, string];

  constructor() {
    const id = crypto.randomUUID().slice(0, 8);
    this.manager = `blockfleet_${id}_m`;
    this.workers = `blockfleet_${id}_w`;
    // No longer than 15 characters (IFNAMSIZ), and not named as containers' links are.
    this.#ends = [`bf${id}m`, `bf${id}w`];
    try {
      for (const host of [this.manager, this.workers]) ip("netns", "add", host);
      const [near, far] = this.#ends;
      ip("link", "add", near, "netns", this.manager, "type", "veth", "peer", far, "netns", this.workers);
      for (const [index, host] of [this.manager, this.workers].entries()) {
        ip("-n", host, "addr", "add", `10.213.0.${index + 1}/24`, "dev", this.#ends[index]!);
        for (const link of ["lo", this.#ends[index]!]) ip("-n", host, "link", "set", link, "up");
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Takes the link down or brings it up again, on the workers' side. */
  set isLinked(up: boolean) {
    ip("-n", this.workers, "link", "set", this.#ends[1], up ? "up" : "down");
  }

  [Symbol.dispose](): void {
    const there = ip("netns", "list");
    for (const host of [this.manager, this.workers]) if (there.includes(host)) ip("netns", "del", host);
  }
}

function ip(...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command("ip", { args }).outputSync();
  if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout);
}
