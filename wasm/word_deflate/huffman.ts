// Huffman codes as DEFLATE has them (RFC 1951, section 3.2.2): canonical, and of bounded length.

const MOST_SYMBOLS: i32 = 288;
const MOST_BITS: i32 = 15;
const SHELL_GAPS: StaticArray<i32> = [132, 57, 23, 10, 4, 1];

// The leaves, sorted, as count and symbol in one; then the nodes of the tree: leaves first, and each after its children.
const LEAVES: usize = memory.data(4 * 288);
const WEIGHTS: usize = memory.data(4 * 2 * 288);
const PARENTS: usize = memory.data(2 * 2 * 288);
const DEPTHS: usize = memory.data(2 * 288);
const BIT_COUNTS: usize = memory.data(4 * 32);
const NEXT_CODES: usize = memory.data(4 * 16);

/**
 * Makes the code for symbols that occur `counts` (u32 each) times: the lengths (u8 each, 0 for a symbol that does not
 * occur), and the codes (u32 each) with their bits in the order in which they are written.
 */
export function makeCode(counts: usize, symbols: i32, mostBits: i32, lengths: usize, codes: usize): void {
  memory.fill(lengths, 0, <usize> symbols);
  const leaves = gatherLeaves(counts, symbols);
  if (leaves < 2) {
    // A code of one symbol has one bit all the same, and a decoder wants another one to be complete.
    const symbol = leaves === 1 ? load<u32>(LEAVES) & 511 : 0;
    store<u8>(lengths + symbol, 1);
    store<u8>(lengths + (symbol === 0 ? 1 : 0), 1);
  } else {
    sortLeaves(leaves);
    growTree(leaves);
    countLengths(leaves, mostBits);
    let leaf = leaves;
    for (let bits = 1; bits <= mostBits; bits++) {
      for (let left = load<u32>(BIT_COUNTS + (<usize> bits << 2)); left > 0; left--) {
        leaf--;
        store<u8>(lengths + (load<u32>(LEAVES + (<usize> leaf << 2)) & 511), <u8> bits);
      }
    }
  }
  assignCodes(lengths, symbols, codes);
}

function gatherLeaves(counts: usize, symbols: i32): i32 {
  let leaves = 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = load<u32>(counts + (<usize> symbol << 2));
    if (count === 0) continue;
    store<u32>(LEAVES + (<usize> leaves << 2), count << 9 | <u32> symbol);
    leaves++;
  }
  return leaves;
}

function sortLeaves(leaves: i32): void {
  for (let at = 0; at < SHELL_GAPS.length; at++) {
    const gap = unchecked(SHELL_GAPS[at]);
    for (let i = gap; i < leaves; i++) {
      const leaf = load<u32>(LEAVES + (<usize> i << 2));
      let to = i;
      while (to >= gap) {
        const before = load<u32>(LEAVES + (<usize> (to - gap) << 2));
        if (before <= leaf) break;
        store<u32>(LEAVES + (<usize> to << 2), before);
        to -= gap;
      }
      store<u32>(LEAVES + (<usize> to << 2), leaf);
    }
  }
}

/** Joins the two lightest nodes until there is one; both leaves and joined nodes come in the order of their weight. */
function growTree(leaves: i32): void {
  for (let i = 0; i < leaves; i++) {
    store<u32>(WEIGHTS + (<usize> i << 2), load<u32>(LEAVES + (<usize> i << 2)) >> 9);
  }
  let leaf = 0;
  let joined = leaves;
  for (let node = leaves; node < 2 * leaves - 1; node++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      const takesLeaf = leaf < leaves &&
        (joined >= node || load<u32>(WEIGHTS + (<usize> leaf << 2)) <= load<u32>(WEIGHTS + (<usize> joined << 2)));
      const lightest = takesLeaf ? leaf++ : joined++;
      weight += load<u32>(WEIGHTS + (<usize> lightest << 2));
      store<u16>(PARENTS + (<usize> lightest << 1), <u16> node);
    }
    store<u32>(WEIGHTS + (<usize> node << 2), weight);
  }
}

/** How many leaves have each length. Those too deep are moved up, and others down in their place. */
function countLengths(leaves: i32, mostBits: i32): void {
  memory.fill(BIT_COUNTS, 0, 4 * 32);
  const root = 2 * leaves - 2;
  store<u16>(DEPTHS + (<usize> (root - leaves) << 1), 0);
  let used: u32 = 0;
  for (let node = root - 1; node >= 0; node--) {
    const parent = <i32> load<u16>(PARENTS + (<usize> node << 1));
    const depth = <i32> load<u16>(DEPTHS + (<usize> (parent - leaves) << 1)) + 1;
    if (node >= leaves) {
      store<u16>(DEPTHS + (<usize> (node - leaves) << 1), <u16> depth);
      continue;
    }
    const bits = depth < mostBits ? depth : mostBits;
    const count = BIT_COUNTS + (<usize> bits << 2);
    store<u32>(count, load<u32>(count) + 1);
    used += 1 << (mostBits - bits);
  }
  // Kraft's sum must not be over one: a leaf goes down a level, and takes one of the deepest beside it.
  while (used > <u32> (1 << mostBits)) {
    let bits = mostBits - 1;
    while (load<u32>(BIT_COUNTS + (<usize> bits << 2)) === 0) bits--;
    const count = BIT_COUNTS + (<usize> bits << 2);
    store<u32>(count, load<u32>(count) - 1);
    store<u32>(count + 4, load<u32>(count + 4) + 2);
    const deepest = BIT_COUNTS + (<usize> mostBits << 2);
    store<u32>(deepest, load<u32>(deepest) - 1);
    used--;
  }
}

/** RFC 1951, section 3.2.2, with each code turned round: Huffman codes are written from their highest bit on. */
function assignCodes(lengths: usize, symbols: i32, codes: usize): void {
  memory.fill(BIT_COUNTS, 0, 4 * 32);
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = BIT_COUNTS + (<usize> load<u8>(lengths + <usize> symbol) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  store<u32>(BIT_COUNTS, 0);
  let code: u32 = 0;
  for (let bits = 1; bits <= MOST_BITS; bits++) {
    code = (code + load<u32>(BIT_COUNTS + (<usize> (bits - 1) << 2))) << 1;
    store<u32>(NEXT_CODES + (<usize> bits << 2), code);
  }
  for (let symbol = 0; symbol < symbols; symbol++) {
    const bits = <u32> load<u8>(lengths + <usize> symbol);
    let left: u32 = 0;
    if (bits > 0) {
      const next = NEXT_CODES + (<usize> bits << 2);
      left = load<u32>(next);
      store<u32>(next, left + 1);
    }
    let turned: u32 = 0;
    for (let i: u32 = 0; i < bits; i++) {
      turned = turned << 1 | left & 1;
      left >>= 1;
    }
    store<u32>(codes + (<usize> symbol << 2), turned);
  }
}
