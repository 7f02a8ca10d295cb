/**
 * Files beside a raster on a server, where names can only be tried.
 *
 * @module
 */
import { messageOf, RasterError } from "../../core/errors.ts";
import { openByteSource, type OpenSourceOptions } from "../source/byte_source.ts";
import { NoFileError, PassingError } from "../source/http_answer.ts";
import { inCapitals, pamName } from "./sidecar_names.ts";
import type { Siblings, SidecarText } from "./sibling_files.ts";

/** Files beside one URL; names are paths on its server. The URL's query, which may be a signature, is sent along. */
export class RemoteSiblings implements Siblings {
  readonly #url: URL;
  readonly #opening: OpenSourceOptions;
  readonly #found = new Map<string, SidecarText>();
  #hasFailed = false;
  /** Why a file could not be asked for or read, in one line; undefined if each is known to be there or not. */
  trouble: string | undefined;

  constructor(url: URL, opening: OpenSourceOptions) {
    this.#url = url;
    this.#opening = opening;
  }

  /**
   * Costs a request or two; a server that refuses to answer, with whatever status below 500, has no such file. One that has failed
   * is asked no more: each name would be tried four times, and could take minutes.
   */
  async find(name: string): Promise<string | undefined> {
    if (this.#hasFailed) return undefined;
    try {
      const { path, text } = await this.#fetch(name);
      this.#found.set(path, text);
      return path;
    } catch (error) {
      if (!(error instanceof RasterError)) throw error;
      if (error.cause instanceof NoFileError) return undefined;
      this.#hasFailed = error.cause instanceof PassingError;
      this.trouble ??= messageOf(error);
      return undefined;
    }
  }

  read(path: string): Promise<SidecarText | undefined> {
    return Promise.resolve(this.#found.get(path));
  }

  async #fetch(name: string): Promise<{ path: string; text: SidecarText }> {
    const url = new URL(this.#url);
    // Who writes SCENE.TIF writes SCENE.TFW; GDAL's own file is in small letters.
    const isCapital = /\.[A-Z0-9]+$/.test(url.pathname) && name !== pamName(url.pathname);
    url.pathname = isCapital ? inCapitals(name) : name;
    await using source = await openByteSource(url, this.#opening);
    const byteLength = Math.min(source.byteLength, REMOTE_BYTES);
    const text = new TextDecoder().decode(await source.read(0, byteLength));
    return {
      path: source.name,
      text: { text, byteLength: source.byteLength, isCut: source.byteLength > byteLength },
    };
  }
}

/** What is looked for stands at the beginning; histograms and tables behind it are not fetched. */
const REMOTE_BYTES = 1 << 20;
