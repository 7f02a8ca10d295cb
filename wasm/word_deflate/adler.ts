// Adler-32 (RFC 1950, section 8.2), four bytes at a time.

const MODULUS: u64 = 65521;
/** Sums of so many bytes fit into 16 bits. */
const WORDS_A_TURN: i32 = 256;

/** The checksum of so many words at an address. */
export function adler32(address: usize, words: i32): u32 {
  let a: u64 = 1;
  let b: u64 = 0;
  for (let done = 0; done < words;) {
    const turn = min(WORDS_A_TURN, words - done);
    let sum: u32 = 0;
    let sumOfSums: u32 = 0;
    let even: u32 = 0;
    let odd: u32 = 0;
    for (let i = 0; i < turn; i++) {
      const word = load<u32>(address + (<usize> (done + i) << 2));
      const low = word & 0x00ff00ff;
      const high = word >> 8 & 0x00ff00ff;
      const both = low + high;
      sumOfSums += sum;
      sum += (both & 0xffff) + (both >> 16);
      even += low;
      odd += high;
    }
    // Each byte counts once for itself and once for every byte behind it.
    const inWord = 4 * (even & 0xffff) + 3 * (odd & 0xffff) + 2 * (even >> 16) + (odd >> 16);
    b = (b + 4 * <u64> turn * a + 4 * <u64> sumOfSums + <u64> inWord) % MODULUS;
    a = (a + <u64> sum) % MODULUS;
    done += turn;
  }
  return <u32> (b << 16 | a);
}
