/**
 * The words that the manager and a compute worker exchange, whatever lies between them.
 *
 * A worker says `hello`, gets `init`, says `ready`, gets blocks by `assign` and answers each with one entry of
 * `results` or with `blockError`. `release` asks for blocks back that it has not begun; `released` says which
 * those were. A worker that gives back what nobody asked for gets no others: it has been told to end, though not by us.
 * `end` makes it finish; `final`, or `finalError`, is its last word.
 *
 * @module
 */
import type { Payload } from "./payload.ts";
import type { IntervalList } from "./timers.ts";

/** A block handed to a worker. */
export interface Assignment {
  /** The block's place in the block list. */
  readonly block: number;
  /** Counts the times that this block was handed out, from 1. */
  readonly attempt: number;
  /** What the worker needs of the manager for it, where workers don't read for themselves. */
  readonly input?: Payload;
}

/** The read threads of a worker that is a process. */
export interface WorkerReading {
  /** Which processor of the worker's program reads: its results are what the other one's blocks need. */
  readonly processor: string;
  /** Threads. */
  readonly threads: number;
}

/** What a worker is told once, before its first block. */
export interface WorkerInit {
  /** The worker's number, from 0. */
  readonly worker: number;
  /** The session that the manager opened for this connection. */
  readonly session: number;
  /** Which processor of the worker's program computes the blocks. */
  readonly processor: string;
  /** What that processor needs: the user function, the grid, the outputs' layouts, other args. */
  readonly job: Payload;
  /** How a worker that is a process reads ahead of its computing threads; absent if they read for themselves. */
  readonly reading?: WorkerReading | undefined;
  /**
   * The SHA-256 of the only code that the worker runs, hexadecimal: from the address that it was started with, never
   * from the manager's message. Absent where no code is shipped, and in the manager's own threads.
   */
  readonly codeHash?: string | undefined;
}

/** From the manager to a worker. */
export type ToWorker =
  | { readonly type: "init"; readonly init: WorkerInit }
  | { readonly type: "assign"; readonly items: readonly Assignment[] }
  | { readonly type: "release"; readonly blocks: readonly number[] }
  | { readonly type: "end" };

/** A worker's word about itself as it connects. */
export interface WorkerHello {
  /** The job, task, process or thread id by which the driver knows it. */
  readonly nativeId: string;
  /** The host that it runs on. */
  readonly host: string;
  /** The process that it runs in. */
  readonly pid: number;
  /** Its computing threads. Default 1. */
  readonly threads?: number;
  /** How often its job was requeued and started again by the queue, where the queue says so. */
  readonly restarts?: number;
}

/** An error in a worker, in plain data. */
export interface RemoteError {
  /** The error's name, such as `TypeError`. */
  readonly name: string;
  /** Its message. */
  readonly message: string;
  /** Its stack in the worker. */
  readonly stack: string;
  /** What the worker was doing. */
  readonly phase: "load" | "read" | "compute" | "finish";
}

/** One computed block. */
export interface BlockResult {
  /** The block's place in the block list. */
  readonly block: number;
  /** The attempt that this is the result of. */
  readonly attempt: number;
  /** Wall time from its read, or from the end of the block before if that is later, to its encoded result, milliseconds. */
  readonly elapsedMs: number;
  /** The result itself. */
  readonly payload: Payload;
}

/** From a worker to the manager. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "initError"; readonly error: RemoteError }
  | {
    readonly type: "results";
    readonly items: readonly BlockResult[];
    readonly timings: IntervalList;
  }
  | {
    readonly type: "blockError";
    readonly block: number;
    readonly attempt: number;
    readonly error: RemoteError;
  }
  | { readonly type: "released"; readonly blocks: readonly number[] }
  | {
    /** A computing thread of a worker process has died; the process ends. */
    readonly type: "threadLost";
    /** The block that it was computing; -1 for none. */
    readonly block: number;
    readonly reason: string;
  }
  /** Instead of `final`: the last word could not be said, such as other args that can't be sent. */
  | { readonly type: "finalError"; readonly error: RemoteError }
  | {
    readonly type: "final";
    readonly payload: Payload;
    readonly timings: IntervalList;
    /** Whether another thread of this worker has its last word still to say. */
    readonly more?: boolean;
  };

/** How a connection to a worker ended. */
export interface LinkEnd {
  /** What is known, for people. */
  readonly reason: string;
  /** Whether it was no one's wish: the worker died or was lost. */
  readonly unexpected: boolean;
  /** For a remote worker: `lost` with its connection, which blames no block, or ended in another way. */
  readonly cause?: "closed" | "left" | "lost" | "broken";
  /** The block that was being computed at that moment, -1 for none; absent where the link can't know. */
  readonly computing?: number;
  /** Whether the worker could not be ended: it computes on, unheard, until its function returns. */
  readonly computesOn?: boolean;
}

/** Hears what comes from a worker. */
export interface LinkHandler {
  /** A message. */
  message(message: FromWorker): void;
  /** The connection is over; nothing comes after it. */
  ended(end: LinkEnd): void;
  /** The connection of a remote worker broke and may come back within its grace (false), or has come back (true). */
  connected?(isConnected: boolean): void;
}

/** The manager's end of a connection to one worker. */
export interface WorkerLink {
  /** Gives the link its one listener; messages that came before are delivered first. */
  listen(handler: LinkHandler): void;
  /** Sends; the buffers of the payloads in it are given away. Sending on an ended link does nothing. */
  send(message: ToWorker): void;
  /** The block that the worker is computing now and since when (monotonic milliseconds), where the link can know. */
  computing?(): { readonly block: number; readonly sinceMs: number } | undefined;
  /** Ends the connection and, for a thread, the worker; `ended` follows. */
  close(reason: string): void;
}
