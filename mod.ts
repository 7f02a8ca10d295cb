/**
 * blockfleet applies a function of one block to whole rasters, or to any list of blocks, with compute workers that are
 * threads here, processes here, or jobs on a cluster. Only the `CW_*` kind changes.
 *
 * @module
 */
export type { ChannelStyle } from "./core/channel_style.ts";
export { checkConcurrency, type CheckedConcurrency } from "./core/checked_concurrency.ts";
export * from "./core/concurrency_style.ts";
export * from "./core/errors.ts";
export * from "./core/kinds.ts";
export type { BlockJob } from "./core/block_job.ts";
export type { BlockOrder } from "./core/block_order.ts";
export { ComputeWorkerManager } from "./core/manager.ts";
export type { RunCounts, StartWorkersOptions } from "./core/manager.ts";
export { type BlockJobOptions, makeBlockJob } from "./core/make_block_job.ts";
export * from "./core/map_blocks.ts";
export { getComputeWorkerManager, listKinds, loadDriverModule, registerDriver } from "./core/registry.ts";
export type { KindStatus } from "./core/registry.ts";
export * from "./core/timers.ts";
export type { UserIntervals, UserTimers } from "./core/user_timers.ts";
export { apply } from "./raster/apply.ts";
export type * from "./raster/apply_options.ts";
export type * from "./raster/block_defn.ts";
export type { DataType, PixelArray } from "./raster/data_type.ts";
export type { PixelGrid, PixelOffset } from "./raster/pixel_grid.ts";
export { RasterBlock } from "./raster/raster_block.ts";
export type { GeoKeys, GeoTransform } from "./raster/raster_info.ts";
export { ReaderInfo } from "./raster/reader_info.ts";
export type { BlockCoordArrays, ReaderInfoRun } from "./raster/reader_info.ts";
export type { BlockGrid } from "./raster/block_list.ts";
