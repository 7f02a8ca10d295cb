// Where everything is: small tables at fixed places, then the input, the planes and the output.

const PAGE_BYTES: usize = 65536;
/** What may be read behind the input, and written behind a row. */
export const SLACK_BYTES: usize = 64;

/** Four quantisation tables of 64 numbers (u16), in the order of rows. */
export const quantTables: usize = memory.data(4 * 128, 16);
/** One block of coefficients (i16), in the order of rows. */
export const block: usize = memory.data(128, 16);
/** What stands between the two passes of the inverse DCT (i32). */
export const workspace: usize = memory.data(256, 16);
/** For each component: table numbers, sampling factors, plane. */
export const components: usize = memory.data(3 * 64, 16);

/** Fields of a component. */
export const enum Field {
  /** Horizontal sampling factor. */
  H = 0,
  /** Vertical sampling factor. */
  V = 4,
  /** Number of the quantisation table. */
  QUANT = 8,
  /** Number of the table for DC codes. */
  DC = 12,
  /** Number of the table for AC codes. */
  AC = 16,
  /** The plane's address. */
  PLANE = 20,
  /** Bytes from one row of the plane to the next. */
  STRIDE = 24,
  /** The DC coefficient of the block before. */
  LAST_DC = 28,
  /** Columns that hold samples of the image. */
  COLUMNS = 32,
  /** Rows that hold samples of the image. */
  ROWS = 36,
}

/** A component's field. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function field(component: i32, name: Field): i32 {
  return load<i32>(components + (<usize> component << 6) + <usize> name);
}

/** Sets a component's field. */
export function setField(component: i32, name: Field, value: i32): void {
  store<i32>(components + (<usize> component << 6) + <usize> name, value);
}

/** Makes the memory end at or behind an address; whether that worked. */
export function reach(end: usize): bool {
  const pages = <i32> ((end + PAGE_BYTES - 1) / PAGE_BYTES);
  const missing = pages - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

/** The next multiple of 16. */
export function align(address: usize): usize {
  return (address + 15) & ~15;
}
