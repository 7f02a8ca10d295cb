/**
 * Where a raster's bytes come from: a file, or an http(s) URL that answers range requests.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import type { FileHandles } from "./file_handles.ts";
import { FileSource } from "./file_source.ts";
import { displayName, isUrl } from "./location.ts";

/** Random access to bytes whose number is known. Not shared between threads. */
export interface ByteSource extends AsyncDisposable {
  /** The path or URL for messages; never with credentials or a query in it. */
  readonly name: string;
  /** Of one on a server: the host and port that answered, if it was sent on to another by a redirect. */
  readonly server?: string | undefined;
  /** Size in bytes. */
  readonly byteLength: number;
  /** Changes when the content does: size and modification time, or the ETag. */
  readonly version: string;
  /**
   * Up to how many bytes that no one needs may be read to save one more request. A file's is small, a
   * server's is large.
   */
  readonly worthSkippingBytes: number;
  /**
   * Exactly `byteLength` bytes from `offset` on. Synchronous where the source can be, for speed: a promise
   * only where there is something to wait for.
   *
   * @throws {RasterError} if they are not all there, or can't be read.
   */
  read(offset: number, byteLength: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Fills `into` with the bytes from `offset` on; only sources that are always synchronous have it. It spares a
   * new array for each read.
   *
   * @throws {RasterError} as {@linkcode read}.
   */
  readInto?(offset: number, into: Uint8Array<ArrayBuffer>): void;
}

/** How a source is opened. */
export interface OpenSourceOptions {
  /** What messages call a local file. Default its path. */
  name?: string;
  /** The open files that a local file is to be one of, of a limited number. Default its own, which stays open. */
  handles?: FileHandles;
  /** Ends requests that are under way, and all later ones. */
  signal?: AbortSignal;
  /** http(s): the first wait before a request is tried again, doubled each time. Default 250. */
  retryDelayMs?: number;
  /** http(s): how long nothing may come of an answer before it is asked for again. Default 60000. */
  stallTimeoutMs?: number;
  /** http(s): what the version is known to be, for servers that give one file several; see `version.ts`. */
  expectedVersion?: string;
}

/**
 * Opens a path, a `file:` URL or an `http(s):` URL for reading.
 *
 * @throws {RasterError} if there is no such file, it can't be read, or the server does not do range requests.
 */
export async function openByteSource(
  location: string | URL,
  options: OpenSourceOptions = {},
): Promise<ByteSource> {
  const url = location instanceof URL ? location : parseUrl(location);
  if (url === undefined) return FileSource.open(String(location), options);
  if (url.protocol === "file:") return FileSource.open(await pathOf(url), options);
  if (url.protocol === "http:" || url.protocol === "https:") {
    const { HttpSource } = await import("./http_source.ts");
    return HttpSource.open(url, options);
  }
  throw new RasterError(
    `Cannot open '${
      displayName(url)
    }': ${url.protocol} URLs are not supported, use a path, file:, http: or https:`,
  );
}

function parseUrl(location: string): URL | undefined {
  if (!isUrl(location)) return undefined;
  if (!URL.canParse(location)) {
    const shown = location.replace(/\/\/[^/]*@/, "//").replace(/[?#].*$/s, "");
    throw new RasterError(`Cannot open '${shown}': it is not a valid URL`);
  }
  return new URL(location);
}

async function pathOf(url: URL): Promise<string> {
  // Most locations are paths; every worker would pay for loading this at its start.
  const { fromFileUrl } = await import("@std/path/from-file-url");
  try {
    return fromFileUrl(url);
  } catch (cause) {
    throw new RasterError(`Cannot open '${displayName(url)}': it is not a valid file URL`, { cause });
  }
}
