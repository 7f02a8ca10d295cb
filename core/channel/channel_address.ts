/**
 * Where a run's manager is found and how it is known: everything but the key, which is a secret and travels apart.
 *
 * As text, for `worker --channel`, it is `blockfleet:1/RUN/HOST,HOST.../PORT/CERTIFICATE/CODE`: the certificate in
 * base64url or `plain`, the SHA-256 of the bundled code in hexadecimal or `any`. No character of it means anything to a
 * shell.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/** A manager's address. */
export interface ChannelAddress {
  /** The run. */
  readonly runId: string;
  /** Names or numbers of the manager's host, the likeliest first. */
  readonly hosts: readonly string[];
  /** Its port. */
  readonly port: number;
  /** Its certificate (DER); undefined for a plain connection. */
  readonly certificate: Uint8Array<ArrayBuffer> | undefined;
  /** The SHA-256 of the code that a worker may run, hexadecimal; undefined where none is shipped. */
  readonly codeHash: string | undefined;
}

const PREFIX = "blockfleet:1";
const MOST_HOSTS = 64;
const HOST = /^[A-Za-z0-9][A-Za-z0-9._:%-]{0,254}$|^::[A-Za-z0-9.:]*$/;
/** A run's id is a label of a DNS name (RFC 1035, 2.3.1) in the certificate. */
const RUN_ID = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The address as one text. */
export function formatChannelAddress(address: ChannelAddress): string {
  const { runId, hosts, port, certificate, codeHash } = checkChannelAddress(address);
  const encoded = certificate?.toBase64({ alphabet: "base64url", omitPadding: true });
  return [PREFIX, runId, hosts.join(","), port, encoded ?? "plain", codeHash ?? "any"].join("/");
}

/**
 * Reads an address.
 *
 * @throws {ConfigError} if it is none.
 */
export function parseChannelAddress(text: string): ChannelAddress {
  const fields = text.trim().split("/");
  const [prefix, runId, hosts, port, certificate, codeHash] = fields;
  if (prefix !== PREFIX || fields.length !== 6) {
    throw new ConfigError(
      `"${
        shortened(text)
      }" is no manager's address: it has the form ${PREFIX}/RUN/HOSTS/PORT/CERTIFICATE/CODE`,
    );
  }
  return checkChannelAddress({
    runId: runId!,
    hosts: hosts!.split(","),
    port: /^[0-9]{1,5}$/.test(port!) ? Number(port) : NaN,
    certificate: certificate === "plain" ? undefined : decodeBase64Url(certificate!, "certificate"),
    codeHash: codeHash === "any" ? undefined : codeHash,
  });
}

/**
 * An address whose every field can be used.
 *
 * @throws {ConfigError} naming the field that can't.
 */
export function checkChannelAddress(address: ChannelAddress): ChannelAddress {
  const { runId, hosts, port, codeHash } = address;
  if (!RUN_ID.test(runId)) throw refusal("run", runId);
  if (hosts.length === 0 || hosts.length > MOST_HOSTS) throw refusal("list of hosts", hosts.join(","));
  for (const host of hosts) if (!HOST.test(host)) throw refusal("host", host);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw refusal("port", String(port));
  if (codeHash !== undefined && !/^[0-9a-f]{64}$/.test(codeHash)) throw refusal("hash of the code", codeHash);
  return address;
}

/**
 * Decodes base64url (RFC 4648, 5).
 *
 * @param what the field's name in an error; the value is not shown.
 * @throws {ConfigError} if it is none.
 */
export function decodeBase64Url(text: string, what: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch (error) {
    throw new ConfigError(`The manager's address has a ${what} that is not in base64url: copy it whole`, {
      cause: error,
    });
  }
}

function refusal(field: string, value: string): ConfigError {
  return new ConfigError(`The manager's address has a ${field} that is none: "${shortened(value)}"`);
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
