// Decodes what nearly all JPEG tiles in TIFF are: baseline (ISO/IEC 10918-1, Huffman codes, 8 bits), one component, or three in
// one scan whose chroma has the size of luma, or half of it both ways. All else, and all damage, is left to
// the caller, who has a complete library for it. The samples are libjpeg's to the last bit.

import { decodeBlock } from "./blocks";
import { joinThree, toRgb, widenBetween } from "./colours";
import { prepareTable, ranDry, specAddress, startBits } from "./huffman";
import { align, Field, field, quantTables, reach, setField, SLACK_BYTES } from "./memory";

let width: i32 = 0;
let height: i32 = 0;
let count: i32 = 0;
let unitsAcross: i32 = 0;
let unitsDown: i32 = 0;
let inputAt: usize = 0;
let outputAt: usize = 0;
let rowAt: usize = 0;

/** Where the 64 numbers (u16) of a quantisation table go, in the order of rows. */
export function quantAddress(table: i32): usize {
  return quantTables + (<usize> table << 7);
}

/** Where the counts and symbols of a Huffman table go: 0 to 3 for DC, 4 to 7 for AC. */
export function huffmanAddress(table: i32): usize {
  return specAddress(table);
}

/** Makes a Huffman table ready; false if it can't be. */
export function prepareHuffman(table: i32): bool {
  return prepareTable(table);
}

/** Tells of a component: its sampling factors, and the numbers of its tables. */
export function setComponent(component: i32, h: i32, v: i32, quant: i32, dc: i32, ac: i32): void {
  setField(component, Field.H, h);
  setField(component, Field.V, v);
  setField(component, Field.QUANT, quant);
  setField(component, Field.DC, dc);
  setField(component, Field.AC, ac);
}

/** Lays the memory out for an image and a scan of so many bytes; false if there is not enough. */
export function begin(columns: i32, rows: i32, components: i32, scanBytes: i32): bool {
  width = columns;
  height = rows;
  count = components;
  // A single component's blocks come one by one, whatever its factors are.
  if (count == 1) setComponent(0, 1, 1, field(0, Field.QUANT), field(0, Field.DC), field(0, Field.AC));
  const mostH = field(0, Field.H);
  const mostV = field(0, Field.V);
  unitsAcross = (width + mostH * 8 - 1) / (mostH * 8);
  unitsDown = (height + mostV * 8 - 1) / (mostV * 8);
  let at = align(__heap_base);
  for (let component = 0; component < count; component++) {
    const h = field(component, Field.H);
    const v = field(component, Field.V);
    const stride = align(<usize> (unitsAcross * h * 8)) + 16;
    setField(component, Field.STRIDE, <i32> stride);
    setField(component, Field.PLANE, <i32> at);
    setField(component, Field.COLUMNS, (width * h + mostH - 1) / mostH);
    setField(component, Field.ROWS, (height * v + mostV - 1) / mostV);
    setField(component, Field.LAST_DC, 0);
    at += align(stride * <usize> (unitsDown * v * 8) + SLACK_BYTES);
  }
  // Rows of chroma in full width, and of their sums, which are read at both ends.
  rowAt = at + 16;
  at += align(<usize> (unitsAcross * mostH * 8) * 4 + 256);
  inputAt = at;
  at = align(at + <usize> scanBytes + SLACK_BYTES);
  outputAt = at;
  return reach(at + <usize> (width * height) * <usize> count + SLACK_BYTES);
}

/** Where the scan's bytes go, from behind its header. */
export function inputAddress(): usize {
  return inputAt;
}

/** Where the pixels are. */
export function outputAddress(): usize {
  return outputAt;
}

/** Decodes the scan and makes pixels of it, of YCbCr if `isYcc`; false if the data is damaged. */
export function decode(scanBytes: i32, isYcc: bool): bool {
  startBits(inputAt, inputAt + <usize> scanBytes);
  for (let y = 0; y < unitsDown; y++) {
    for (let x = 0; x < unitsAcross; x++) {
      if (!decodeUnit(x, y)) return false;
    }
    if (ranDry()) return false;
  }
  let to = outputAt;
  const rowBytes = <usize> (width * count);
  for (let y = 0; y < height; y++, to += rowBytes) writeRow(y, to, isYcc);
  return true;
}

/** A unit is as many blocks of each component as lie in the same place. */
function decodeUnit(x: i32, y: i32): bool {
  for (let component = 0; component < count; component++) {
    const h = field(component, Field.H);
    const v = field(component, Field.V);
    const stride = <usize> field(component, Field.STRIDE);
    const plane = <usize> field(component, Field.PLANE);
    for (let row = 0; row < v; row++) {
      for (let column = 0; column < h; column++) {
        const target = plane + <usize> ((y * v + row) * 8) * stride + <usize> ((x * h + column) * 8);
        if (!decodeBlock(component, target, stride)) return false;
      }
    }
  }
  return true;
}

// Rows are written from the first to the last, so that what is overwritten behind one is mended by the next.
function writeRow(y: i32, to: usize, isYcc: bool): void {
  const first = rowOf(0, y);
  if (count == 1) {
    memory.copy(to, first, width);
    return;
  }
  let second = rowOf(1, y);
  let third = rowOf(2, y);
  if (field(0, Field.H) == 2) {
    const bytes = align(<usize> (unitsAcross * 16)) + 32;
    second = fullRow(1, y, rowAt);
    third = fullRow(2, y, rowAt + bytes);
  }
  if (isYcc) toRgb(first, second, third, to, width);
  else joinThree(first, second, third, to, width);
}

function rowOf(component: i32, y: i32): usize {
  return <usize> field(component, Field.PLANE) + <usize> (y * field(component, Field.STRIDE));
}

/** A row of subsampled chroma in the columns of luma. */
function fullRow(component: i32, y: i32, to: usize): usize {
  const columns = field(component, Field.COLUMNS);
  const near = y >> 1;
  // The row above for even rows, the one below for odd ones; at the edges the same again.
  const far = min(field(component, Field.ROWS) - 1, max(0, near + ((y & 1) == 0 ? -1 : 1)));
  const sums = rowAt + (align(<usize> (unitsAcross * 16)) + 32) * 2;
  widenBetween(rowOf(component, near), rowOf(component, far), sums, to, columns);
  return to;
}
