/**
 * Which blocks one worker should have, and how much it keeps of what it has decoded: a strip or a tile that several windows
 * touch is decoded once if one worker reads them one after another, and keeps it meanwhile.
 *
 * @module
 */
import type { BlockOrder } from "../core/block_order.ts";
import { type BlockGrid, totalBlocks } from "./block_list.ts";
import { DATA_TYPES } from "./data_type.ts";
import type { InputFile, InputPlan } from "./raster_job.ts";

/** Blocks that belong together: so many across and down, read row by row. */
export interface BlockGroup {
  /** Blocks across. */
  readonly across: number;
  /** Blocks down. */
  readonly down: number;
}

/** How the inputs of a run are read. */
export interface PlannedReading {
  /** The inputs, each file with the memory that it needs. */
  readonly inputs: readonly InputPlan[];
  /** The groups; 1 x 1 where no block shares anything with its neighbours. */
  readonly group: BlockGroup;
}

/** What a worker keeps of all its inputs, if that is enough for a row of windows. */
const USUAL_BYTES = 32 << 20;
/** Else it keeps this part of the row, and strips are decoded so many times at the most... */
const MOST_PARTS = 4;
/** ...up to this much memory. */
const MOST_BYTES = 128 << 20;
/** A file needs no less: rounding, and the tiles of one window. */
const LEAST_BYTES = 128 << 10;
/** Windows that cut tiles share them with all their neighbours: in groups of this many a side few of them are in another. */
const CUT_SIDE = 8;
/** A strip of more than this is decoded on from row to row where its codec can do that, in place of as a whole. */
const GREAT_STRIP_BYTES = 8 << 20;
/** Codecs of which nothing can be decoded but the whole. */
const WHOLE_ONLY: ReadonlySet<string> = new Set(["JPEG", "LERC"]);
/** Of uncompressed strips in a local file whole rows are read if they are not longer: to leave bytes out costs more. */
const STORED_ROW_BYTES = 16 << 10;

/** Plans the reading of `inputs` by the blocks of a run, with a margin of `overlap` pixels. */
export function planReading(
  inputs: readonly InputPlan[],
  run: { readonly blocks: BlockGrid; readonly overlap: number },
): PlannedReading {
  const total = totalBlocks(run.blocks);
  const needs = inputs.flatMap(({ files }) => files.map((file) => needOf(file, run)));
  const down = Math.min(total.y, Math.max(1, ...needs.map((need) => need.down)));
  const needNoGroups = needs.every((need) => need.across === 1 && need.down === 1);
  let across = Math.min(total.x, Math.max(1, ...needs.map((need) => need.across)));
  const bytes = (across: number) => needs.reduce((sum, need) => sum + need.bytes(across), 0);
  const whole = bytes(across);
  if (whole > USUAL_BYTES) {
    const budget = Math.max(USUAL_BYTES, Math.min(MOST_BYTES, bytes(Math.ceil(across / MOST_PARTS))));
    // Groups that are narrower than a tile would have it decoded more often, and need no less memory.
    const narrowest = Math.max(1, ...needs.map((need) => need.narrowest));
    const widest = across;
    for (let parts = 2; across > narrowest && bytes(across) > budget; parts++) {
      across = Math.max(narrowest, Math.ceil(widest / parts));
    }
  }
  let kept = bytes(across);
  // Uncompressed rows are worth some memory, but not that compressed ones get less of it.
  if (needNoGroups && inputs.some(({ files }) => files.some((file) => storedRowsBytes(file, run) > 0))) {
    across = total.x;
  }
  const storedBytes = (file: InputFile): number => {
    const bytes = across === total.x ? storedRowsBytes(file, run) : 0;
    if (kept + bytes > USUAL_BYTES) return 0;
    kept += bytes;
    return bytes;
  };
  let at = 0;
  return {
    group: { across, down },
    inputs: inputs.map((input) => ({
      ...input,
      files: input.files.map((file) => {
        const bytes = needs[at++]!.bytes(across) + storedBytes(file);
        return { ...file, cacheBytes: Math.max(LEAST_BYTES, Math.ceil(bytes)) };
      }),
    })),
  };
}

/** What the rows of a row of windows take that are worth keeping of uncompressed strips: 0 where none are. */
function storedRowsBytes(
  { tiles, width, height, beside, ...file }: InputFile,
  { blocks, overlap }: { readonly blocks: BlockGrid; readonly overlap: number },
): number {
  if (tiles.tiled || tiles.compression !== "NONE" || beside === undefined) return 0;
  const rowBytes = width * DATA_TYPES[file.dataType].bytes * (tiles.planar ? 1 : tiles.bands);
  if (width <= blocks.windowxsize || rowBytes > STORED_ROW_BYTES) return 0;
  const planes = tiles.planar ? new Set(file.layers).size : 1;
  return Math.min(height, blocks.windowysize + 2 * overlap) * rowBytes * planes;
}

/** What a file asks for: groups of so many blocks, and the memory for the rows of one that is so wide. */
interface Need extends BlockGroup {
  /** Groups may have as few blocks across. */
  readonly narrowest: number;
  bytes(across: number): number;
}

const NOTHING: Need = { across: 1, down: 1, narrowest: 1, bytes: () => 0 };

function needOf(file: InputFile, run: { readonly blocks: BlockGrid; readonly overlap: number }): Need {
  const { tiles } = file;
  // Of uncompressed pixels just those of the window have to be read.
  if (tiles.compression === "NONE") return NOTHING;
  return tiles.tiled ? needOfTiles(file, run) : needOfStrips(file, run);
}

function needOfStrips(
  file: InputFile,
  { blocks, overlap }: { readonly blocks: BlockGrid; readonly overlap: number },
): Need {
  const { tiles: { height: stripRows, compression }, offset, width, height } = file;
  const rows = blocks.windowysize + 2 * overlap;
  const isCut = overlap > 0 || !isMultiple(blocks.windowysize, stripRows) ||
    !isMultiple(offset.row, stripRows);
  const isOneWindow = width <= blocks.windowxsize;
  if (isOneWindow && !isCut) return NOTHING;
  const pixelBytes = pixelBytesOf(file);
  const isStreamed = !WHOLE_ONLY.has(compression) && stripRows * width * pixelBytes > GREAT_STRIP_BYTES;
  const stripRowsAtOnce = isStreamed ? rows : isCut ? (Math.ceil(rows / stripRows) + 1) * stripRows : rows;
  const rowsAtOnce = Math.min(height, stripRowsAtOnce);
  return {
    across: isOneWindow ? 1 : totalBlocks(blocks).x,
    narrowest: 1,
    down: Math.max(1, Math.ceil(Math.min(stripRows, height) / blocks.windowysize)),
    bytes(across) {
      const cols = across * blocks.windowxsize + 2 * overlap;
      if (cols >= width || across >= totalBlocks(blocks).x) return rowsAtOnce * width * pixelBytes;
      return Math.min(height, rows) * cols * pixelBytes;
    },
  };
}

function needOfTiles(
  file: InputFile,
  { blocks, overlap }: { readonly blocks: BlockGrid; readonly overlap: number },
): Need {
  const { tiles, offset } = file;
  const x = { window: blocks.windowxsize, tile: tiles.width, offset: offset.col };
  const y = { window: blocks.windowysize, tile: tiles.height, offset: offset.row };
  const isCut = overlap > 0 ||
    [x, y].some(({ window, tile, offset }) =>
      !(isMultiple(window, tile) || isMultiple(tile, window)) || !isMultiple(offset, Math.min(window, tile))
    );
  const windowsATile = ({ window, tile }: typeof x) => Math.ceil(tile / window);
  if (!isCut && windowsATile(x) === 1 && windowsATile(y) === 1) return NOTHING;
  const pixels = (side: typeof x, windows: number) => {
    const extent = windows * side.window + 2 * overlap;
    return (Math.ceil(extent / side.tile) + (isCut ? 1 : 0)) * side.tile;
  };
  const pixelBytes = pixelBytesOf(file);
  return {
    across: isCut ? Math.max(CUT_SIDE, windowsATile(x)) : windowsATile(x),
    narrowest: Math.min(totalBlocks(blocks).x, windowsATile(x)),
    down: isCut ? Math.max(CUT_SIDE, windowsATile(y)) : windowsATile(y),
    bytes: (across) => pixels(x, across) * pixels(y, 1) * pixelBytes,
  };
}

/** Bytes of a pixel in all the tiles that have to be decoded for its bands. */
function pixelBytesOf({ tiles, layers, dataType }: InputFile): number {
  return DATA_TYPES[dataType].bytes * (tiles.planar ? new Set(layers).size : tiles.bands);
}

function isMultiple(value: number, of: number): boolean {
  return value % of === 0;
}

/** The order of a grid's blocks group by group; undefined where it is that of their numbers and no block has company. */
export function groupedOrder(blocks: BlockGrid, { across, down }: BlockGroup): BlockOrder | undefined {
  if (across === 1 && down === 1) return undefined;
  const { x, y } = totalBlocks(blocks);
  const groupsAcross = Math.ceil(x / across);
  const rowsOf = (groupRow: number) => Math.min(down, y - groupRow * down);
  return {
    groups: groupsAcross * Math.ceil(y / down),
    groupStart(group) {
      const groupRow = Math.floor(group / groupsAcross);
      const before = Math.min(y, groupRow * down) * x;
      return before + Math.min(x, (group % groupsAcross) * across) * Math.max(0, rowsOf(groupRow));
    },
    blockAt(place) {
      const groupRow = Math.floor(place / (down * x));
      const rows = rowsOf(groupRow);
      const inRow = place - groupRow * down * x;
      const groupColumn = Math.floor(inRow / (across * rows));
      const cols = Math.min(across, x - groupColumn * across);
      const inGroup = inRow - groupColumn * across * rows;
      const row = groupRow * down + Math.floor(inGroup / cols);
      return row * x + groupColumn * across + inGroup % cols;
    },
  };
}
