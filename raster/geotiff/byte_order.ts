/**
 * Turning the other machine's byte order into this one's: every platform of Deno is little-endian.
 *
 * @module
 */

/** Reverses the bytes of each sample in place. `bytes` begins at an aligned offset and holds whole samples. */
export function swapBytes(bytes: Uint8Array<ArrayBuffer>, sampleBytes: number): void {
  const { buffer, byteOffset, byteLength } = bytes;
  if (sampleBytes === 2) swap16(new Uint16Array(buffer, byteOffset, byteLength / 2));
  else if (sampleBytes === 4) swap32(new Uint32Array(buffer, byteOffset, byteLength / 4));
  else if (sampleBytes === 8) {
    const halves = new Uint32Array(buffer, byteOffset, byteLength / 4);
    swap32(halves);
    swapHalves(halves);
  }
}

function swap16(data: Uint16Array<ArrayBuffer>): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    data[i] = (value << 8) | (value >>> 8);
  }
}

function swap32(data: Uint32Array<ArrayBuffer>): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    data[i] = (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
  }
}

function swapHalves(halves: Uint32Array<ArrayBuffer>): void {
  for (let i = 0; i < halves.length; i += 2) {
    const low = halves[i]!;
    halves[i] = halves[i + 1]!;
    halves[i + 1] = low;
  }
}
