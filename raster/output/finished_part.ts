/**
 * A file that an earlier run has finished and had only to give its final name.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import type { DataType } from "../data_type.ts";
import { PartFile, partPath } from "./part_file.ts";
import { writeError } from "./write_error.ts";

/** What the finished file is. */
export interface FinishedFacts {
  /** Its length. */
  readonly byteLength: number;
  /** Its pixels' type and number of bands. */
  readonly format: { readonly dataType: DataType; readonly bands: number };
}

/** A complete output, under its part name or under its final one already. */
export class FinishedPart {
  /** The output's final path. */
  readonly path: string;
  /** The path under which it may still be. */
  readonly partPath: string;
  /** The file's length. */
  readonly byteLength: number;
  /** Its pixels' type and number of bands. */
  readonly format: FinishedFacts["format"];
  readonly #part: PartFile | undefined;

  private constructor(path: string, { byteLength, format }: FinishedFacts, part: PartFile | undefined) {
    this.path = path;
    this.partPath = partPath(path);
    this.byteLength = byteLength;
    this.format = format;
    this.#part = part;
  }

  /**
   * Finds the file. If there is no part but a file of the right length under the final name, that is it.
   *
   * @throws {RasterError} if it is nowhere, or has another length.
   */
  static find(path: string, facts: FinishedFacts): FinishedPart {
    const part = PartFile.reopen(path);
    if (!part) {
      const found = lengthOf(path);
      if (found === facts.byteLength) return new FinishedPart(path, facts, undefined);
      const there = found === undefined ? "nor is there" : `and of ${found} bytes is`;
      throw new RasterError(
        `Cannot finish '${path}': its part file '${
          partPath(path)
        }' is not there, ${there} the output itself, ` +
          `which should have ${facts.byteLength} bytes; use --restart (restart: true) to begin anew`,
      );
    }
    if (part.byteLength !== facts.byteLength) {
      part.leave();
      throw new RasterError(
        `Cannot finish '${path}': '${part.path}' has ${part.byteLength} bytes instead of ${facts.byteLength}; ` +
          `use --restart (restart: true) to begin anew`,
      );
    }
    return new FinishedPart(path, facts, part);
  }

  /**
   * Gives the file its final name.
   *
   * @throws {RasterError} if it was taken away, or the rename fails.
   */
  publish(): void {
    this.#part?.renameToTarget();
    this.#part?.leave();
  }

  /** Whether somebody else has taken the part file away. */
  isLost(): boolean {
    return this.#part?.isLost() ?? false;
  }

  /** Leaves the file where it is. Idempotent. */
  leave(): void {
    this.#part?.leave();
  }
}

function lengthOf(path: string): number | undefined {
  try {
    return Deno.lstatSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw writeError(path, error);
  }
}
