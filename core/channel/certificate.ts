/**
 * The certificate of a run: made for it, valid for one name that nobody can register, and pinned by each worker.
 *
 * @module
 */
import { AuthError } from "../errors.ts";

/** A certificate without its key: what workers get. */
export interface PinnedCertificate {
  /** PEM (RFC 7468). */
  readonly pem: string;
  /** DER. */
  readonly der: Uint8Array<ArrayBuffer>;
  /** The one DNS name in it. */
  readonly name: string;
  /** The SHA-256 of its DER form. */
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** A certificate with its key: what the manager has, and never gives away. */
export interface OwnCertificate extends PinnedCertificate {
  /** The private key, PKCS #8 in PEM. */
  readonly keyPem: string;
}

const DAY_MS = 86_400_000;
/** Clocks of workers may be behind, and runs may be long. */
const VALID_BEFORE_MS = DAY_MS;
const VALID_AFTER_MS = 30 * DAY_MS;
/** id-kp-serverAuth (RFC 5280, 4.2.1.12). */
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/**
 * The name in a run's certificate. `.invalid` can't be registered (RFC 2606), so no authority that a worker trusts
 * by default can have signed another certificate for it: checking the name is a pin.
 */
function certificateName(runId: string): string {
  return `${runId}.blockfleet.invalid`;
}

/** Makes the certificate of a run. Loads the library that does it. */
export async function makeCertificate(runId: string): Promise<OwnCertificate> {
  // It must come first: the library looks for it while it is loaded.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const name = certificateName(runId);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // Positive (RFC 5280, 4.1.2.2).
    serialNumber: `01${crypto.getRandomValues(new Uint8Array(8)).toHex()}`,
    name: "CN=blockfleet",
    notBefore: new Date(now - VALID_BEFORE_MS),
    notAfter: new Date(now + VALID_AFTER_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      // With CA:TRUE rustls refuses it as a server's (CaUsedAsEndEntity).
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
    ],
  }, crypto);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const pinned = await pinCertificate(new Uint8Array(certificate.rawData), runId);
  return { ...pinned, keyPem: pem("PRIVATE KEY", pkcs8) };
}

/** The pin of a certificate that came in DER with the manager's address. */
export async function pinCertificate(
  der: Uint8Array<ArrayBuffer>,
  runId: string,
): Promise<PinnedCertificate> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return { pem: pem("CERTIFICATE", der), der, name: certificateName(runId), hash };
}

/**
 * Makes a TCP connection a TLS connection whose other end has the pinned certificate and its key.
 *
 * @throws {AuthError} if it has not, or speaks no TLS.
 */
export async function startPinnedTls(tcp: Deno.TcpConn, pin: PinnedCertificate): Promise<Deno.TlsConn> {
  const tls = await Deno.startTls(tcp, { hostname: pin.name, caCerts: [pin.pem] });
  try {
    await tls.handshake();
  } catch (error) {
    tls.close();
    if (error instanceof Deno.errors.InvalidData) {
      throw new AuthError(`It has not the run's certificate: ${error.message}`, { cause: error });
    }
    throw error;
  }
  return tls;
}

function pem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
