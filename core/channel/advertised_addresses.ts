/**
 * Which of this machine's addresses workers elsewhere are told.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/** What is known of a network interface; `Deno.networkInterfaces()` gives a list of them. */
export interface InterfaceAddress {
  /** The interface's name. */
  readonly name: string;
  /** Its kind of address. */
  readonly family: "IPv4" | "IPv6";
  /** The address. */
  readonly address: string;
}

/** Bridges and links of containers and virtual machines on this very host, by the names their makers give them. */
const CONTAINER_INTERFACE =
  /^(docker|br-|veth|virbr|vnet|cni|podman|lxcbr|lxdbr|flannel|cali|cilium|kube-|tap|vmnet|vboxnet)/;

/**
 * The addresses to advertise: those of a chosen interface, or all that may be reached from another machine. Loopback,
 * link-local addresses (RFC 3927; RFC 4291, 2.5.6) and container bridges are left out unless they are chosen.
 *
 * @param options the interface, by its name or one of its addresses.
 * @returns IPv4 before IPv6, otherwise in the order of the interfaces.
 * @throws {ConfigError} if there is no such interface; it names those there are.
 */
export function advertisedAddresses(
  interfaces: readonly InterfaceAddress[],
  options: { readonly chosen?: string | undefined } = {},
): string[] {
  const { chosen } = options;
  const usable = chosen === undefined
    ? interfaces.filter(isReachable)
    : interfaces.filter(({ name, address }) => name === chosen || address === chosen);
  if (usable.length === 0 && chosen !== undefined) {
    const known = [...new Set(interfaces.map(({ name }) => name))].join(", ");
    throw new ConfigError(`This machine has no network interface '${chosen}': choose one of ${known}`);
  }
  const inOrder = (["IPv4", "IPv6"] as const).flatMap((family) =>
    usable.filter((entry) => entry.family === family)
  );
  return [...new Set(inOrder.map(({ address }) => address))];
}

/** Where a channel listens. */
export interface ChannelPlace {
  /** The address to listen on. */
  readonly hostname: string;
  /** The addresses that workers are told unless the user names others. */
  readonly hosts: string[];
}

/**
 * Where to listen, and what to advertise, so that workers elsewhere reach this machine.
 *
 * @throws {ConfigError} if there is no such interface, or nothing to advertise.
 */
export function channelPlace(
  { networkInterface, advertise }: {
    readonly networkInterface?: string | undefined;
    readonly advertise?: readonly string[] | undefined;
  },
): ChannelPlace {
  const hosts = advertisedAddresses(Deno.networkInterfaces(), { chosen: networkInterface });
  if (hosts.length === 0 && !advertise) {
    throw new ConfigError(
      "This machine has no address that another could reach: choose an interface, or give a host name to advertise",
    );
  }
  if (networkInterface !== undefined) return { hostname: hosts[0]!, hosts: [hosts[0]!] };
  const hasIpv4 = hosts.length === 0 || hosts.some((host) => !host.includes(":"));
  return {
    hostname: hasIpv4 ? "0.0.0.0" : "::",
    hosts: hosts.filter((host) => host.includes(":") !== hasIpv4),
  };
}

/** Whether an address is this machine's own and no other's. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host) || /^::ffff:127\./i.test(host);
}

function isReachable({ name, address }: InterfaceAddress): boolean {
  return !isLoopback(address) && !/^169\.254\./.test(address) && !/^fe[89ab][0-9a-f]:/i.test(address) &&
    !CONTAINER_INTERFACE.test(name);
}
