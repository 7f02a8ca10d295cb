/**
 * The file by which workers with a shared folder find their manager and learn the run's key.
 *
 * One a run, never rewritten. It stands in a folder that only its owner can enter, whole or not at all: it is written
 * under another name, synced and renamed, and its last line is a checksum, since a network file system may show a
 * beginning of it.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { ConfigError, messageOf } from "../errors.ts";
import { checkOwned, makePrivateFolder, type PrivateFolder } from "../private_folder.ts";
import { eraseFromStartEnvironment } from "../start_environment.ts";
import { syncFolder } from "../sync_folder.ts";
import {
  type ChannelAddress,
  decodeBase64Url,
  formatChannelAddress,
  parseChannelAddress,
} from "./channel_address.ts";
import { KEY_BYTES } from "./proof.ts";

/** What a worker must know to connect. */
export interface ChannelCredentials {
  /** Where the manager is. */
  readonly address: ChannelAddress;
  /** The run's key. */
  readonly key: Uint8Array<ArrayBuffer>;
}

/** The variable that holds the key, base64url, where there is no address file. */
export const KEY_VARIABLE = "BLOCKFLEET_KEY";
/** The variable that holds the manager's address where neither a file nor an argument gives it, such as in a container. */
export const CHANNEL_VARIABLE = "BLOCKFLEET_CHANNEL";

const HEADING = "blockfleet channel 1";
const FILE_NAME = "channel";
/** An address file is a kilobyte; whatever is much longer is none. */
const MOST_BYTES = 64 << 10;

/** The folder of a run's address file unless another is given: in the home folder, which clusters share. */
export function defaultAddressFolder(home: string, runId: string): PrivateFolder {
  return { path: join(home, ".blockfleet", "run", runId), within: home };
}

/** The path of a run's address file in its folder. */
export function addressPath({ path }: PrivateFolder): string {
  return join(path, FILE_NAME);
}

/**
 * Writes a run's address file.
 *
 * @param folder made with mode 0700 if it is not there; it must be nobody else's.
 * @returns the file's path.
 * @throws {ConfigError} if the folder is a symbolic link, another user's, or open to others, or can't be written.
 */
export async function writeAddressFile(
  folder: PrivateFolder,
  credentials: ChannelCredentials,
): Promise<string> {
  await makePrivateFolder(folder);
  const path = addressPath(folder);
  const partial = `${path}.${crypto.randomUUID()}.part`;
  const body = [
    HEADING,
    formatChannelAddress(credentials.address),
    credentials.key.toBase64({ alphabet: "base64url", omitPadding: true }),
    "",
  ].join("\n");
  const text = `${body}${await checksum(body)}\n`;
  try {
    {
      using file = await Deno.open(partial, { write: true, createNew: true, mode: 0o600 });
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.byteLength;) at += await file.write(bytes.subarray(at));
      await file.sync();
    }
    await Deno.rename(partial, path);
    await syncFolder(folder.path);
  } catch (error) {
    for (const left of [partial, path]) await removeIfThere(left);
    throw new ConfigError(`Cannot write the address file '${path}': ${messageOf(error)}`, { cause: error });
  }
  return path;
}

/**
 * Reads an address file.
 *
 * @throws {ConfigError} if it is missing, a symbolic link, another user's, readable by others, cut off or damaged.
 */
export async function readAddressFile(path: string): Promise<ChannelCredentials> {
  const refuse = (wrong: string, cause?: unknown): never => {
    throw new ConfigError(`Cannot use the address file '${path}': ${wrong}`, { cause });
  };
  let info: Deno.FileInfo;
  let text: string;
  try {
    info = await Deno.lstat(path);
    if (!info.isFile) return refuse("it is no ordinary file");
    if (info.size > MOST_BYTES) return refuse("it is too long to be one");
    checkOwned(path, info);
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return refuse(messageOf(error), error);
  }
  const [heading, address, key] = text.split("\n");
  if (heading !== HEADING) return refuse("it is none, or another version's");
  const body = `${heading}\n${address}\n${key}\n`;
  if (text !== `${body}${await checksum(body)}\n`) {
    return refuse("it is cut off or damaged: wait a moment, or start the run again");
  }
  return { address: parseChannelAddress(address!), key: parseKey(key!) };
}

/**
 * Gives up the permission to read an address file, so that no user function can learn the run's key from it. Not where
 * more than the file may be read, such as everything: that can't be given up in part.
 */
export function forgetAddressFile(path: string): void {
  const { state } = Deno.permissions.querySync({ name: "read", path: dirname(path) });
  if (state !== "granted") Deno.permissions.revokeSync({ name: "read", path });
}

/** Removes an address file and its folder, if nothing else is in it. Missing ones are as they should be. */
export async function removeAddressFile(path: string): Promise<void> {
  await removeIfThere(path);
  try {
    await Deno.remove(dirname(path));
  } catch (error) {
    const isKept = error instanceof Deno.errors.NotFound || (error as { code?: string }).code === "ENOTEMPTY";
    if (!isKept) throw error;
  }
}

/**
 * The run's key from the environment, where it is deleted and erased, so that no user function can read it there.
 *
 * @param notice hears of it if the system still shows it in the environment that this process was started with.
 * @throws {ConfigError} if it is not there or none.
 */
export function takeKeyFromEnvironment(notice: (line: string) => void = () => {}): Uint8Array<ArrayBuffer> {
  const text = Deno.env.get(KEY_VARIABLE);
  if (!text) {
    throw new ConfigError(
      `With --channel the run's key must be in the environment as ${KEY_VARIABLE}, or come by --stdin-key`,
    );
  }
  Deno.env.delete(KEY_VARIABLE);
  const why = eraseFromStartEnvironment(text);
  if (why !== undefined) notice(`The run's key can't be erased from this process's environment: ${why}`);
  return parseKey(text);
}

/**
 * A key as it is written, base64url.
 *
 * @throws {ConfigError} if it is none.
 */
export function parseKey(text: string): Uint8Array<ArrayBuffer> {
  const key = decodeBase64Url(text, "key");
  if (key.byteLength !== KEY_BYTES) {
    throw new ConfigError(`The run's key must have ${KEY_BYTES} bytes: copy it whole`);
  }
  return key;
}

async function checksum(body: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  return `sha256 ${new Uint8Array(digest).toHex()}`;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
