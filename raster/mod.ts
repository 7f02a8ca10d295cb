/**
 * Rasters: reading and writing GeoTIFF, pixel grids, `apply()`.
 *
 * @module
 */
export * from "./apply.ts";
export * from "./apply_options.ts";
export * from "./block_defn.ts";
export * from "./data_type.ts";
export * from "./geotiff/geotiff_reader.ts";
export * from "./pixel_grid.ts";
export * from "./raster_block.ts";
export * from "./raster_info.ts";
export type { OpenSourceOptions } from "./source/byte_source.ts";
export { FileHandles } from "./source/file_handles.ts";
export * from "./reader_info.ts";
export type { UserIntervals, UserTimers } from "../core/user_timers.ts";
export type { UnreadKind, UnreadPart } from "./unread_parts.ts";
