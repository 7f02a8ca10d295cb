/**
 * What bundlers take and give.
 *
 * @module
 */

/** What a bundler says when its signal ends it. */
export const ABORTED = "The run was ended while its user function was bundled";

/** How a module is bundled. */
export interface BundleRequest {
  /** The module's URL. */
  readonly entry: URL;
  /** Its name for people. */
  readonly name: string;
  /** Specifiers of imports to be left as they are. */
  readonly external: readonly string[];
  /** Ends the bundler. */
  readonly signal: AbortSignal | undefined;
}

/** What a bundler made: JavaScript with an import of nothing but `node:` modules and the external ones. */
export interface Bundle {
  /** The text, without a comment that names its source map. */
  readonly text: string;
  /** The source map, whose sources are paths from `folder` or URLs. */
  readonly map: BundleMap;
  /** The absolute path of the folder. */
  readonly folder: string;
}

/** A source map as a bundler gives it. */
export interface BundleMap {
  /** Paths or URLs. */
  readonly sources: readonly string[];
  /** Names that segments refer to. */
  readonly names: readonly string[];
  /** The segments, VLQ-coded. */
  readonly mappings: string;
}
