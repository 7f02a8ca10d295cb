/**
 * The block: the unit of reading, computing and writing.
 *
 * @module
 */

/** One block of the working grid, without its margin. RIOS's `ApplierBlockDefn`. */
export interface ApplierBlockDefn {
  /** First row, in pixels of the working grid. */
  readonly top: number;
  /** First column, in pixels of the working grid. */
  readonly left: number;
  /** Rows. */
  readonly nrows: number;
  /** Columns. */
  readonly ncols: number;
}
