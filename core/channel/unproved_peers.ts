/**
 * Peers that have connected and not proved themselves: not for long, and no more than may come and cost.
 *
 * @module
 */
import type { OpenFiles } from "../open_files.ts";
import { type ByteStream, closeStream } from "./connection.ts";

/** From accept to proof, milliseconds. */
const PATIENCE_MS = 10_000;
/**
 * What even the oldest gets when others wait, milliseconds: a handshake takes three to five ways over the network, and longer
 * when a thousand workers come at once.
 */
const LEAST_MS = 5000;
/** The most at one time beside the workers that are expected. */
const MOST_STRANGERS = 512;
/**
 * The most in all: a TLS connection takes 40 KiB, and so many handshakes at the same time take seconds of a core. Beyond
 * that peers wait in the system's queue, where they cost nothing, and come in as others are done.
 */
const MOST_PEERS = 1300;
/** Nobody looks at the limit of open files before so many have come. */
const UNWATCHED = 32;
/** However few files are left, as many may try at a time, so that workers get in past strangers. */
const LEAST_PEERS = 8;
/** A part of the limit of open files stays for the lock, the journal, outputs and inputs: at most as many. */
const MOST_RESERVED = 256;
/** Of these, as many stay when workers who have proved themselves need the others. */
const LEAST_RESERVED = 48;
/** How often files are counted while none is free, milliseconds. */
const COUNT_MS = 500;

interface Peer {
  readonly stream: ByteStream;
  readonly source: string;
  readonly sinceMs: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** What a server's unproved peers take. */
export interface UnprovedPeersOptions {
  /** Workers that are expected and not connected. */
  expected(): number;
  /** The process's open files. */
  readonly files: OpenFiles;
  /** A peer was dropped. */
  dropped(cause: string, source: string): void;
  /** There is no file for another worker. */
  full(): void;
}

/** The unproved peers of one server. */
export class UnprovedPeers {
  readonly #options: UnprovedPeersOptions;
  readonly #peers = new Set<Peer>();
  #came = 0;
  #wake: (() => void) | undefined;
  #isClosed = false;

  /** No peers yet. */
  constructor(options: UnprovedPeersOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get count(): number {
    return this.#peers.size;
  }

  /** Waits until another peer may be taken in; for it the oldest may have to go. Those who wait cost this process nothing. */
  async room(): Promise<void> {
    for (let most = this.#most(); this.#peers.size >= most && !this.#isClosed; most = this.#most()) {
      const [oldest] = this.#peers;
      const waitMs = oldest ? oldest.sinceMs + LEAST_MS - performance.now() : COUNT_MS;
      if (oldest && waitMs <= 0) {
        this.#drop(oldest, `it proved nothing within ${LEAST_MS / 1000} s, and there was no room for more`);
        // Its file is free a little later.
        await this.#change(0);
      } else {
        if (most === 0) this.#options.full();
        await this.#change(Math.min(waitMs, most === 0 ? COUNT_MS : Infinity));
      }
    }
  }

  /**
   * Takes a peer in; whatever is done with it fails once it is dropped.
   *
   * @returns to be called when it has proved itself or is refused; whether it was still there.
   */
  add(stream: ByteStream, source: string): () => boolean {
    this.#came++;
    const peer: Peer = {
      stream,
      source,
      sinceMs: performance.now(),
      timer: setTimeout(
        () => this.#drop(peer, `it proved nothing within ${PATIENCE_MS / 1000} s`),
        PATIENCE_MS,
      ),
    };
    this.#peers.add(peer);
    return () => this.#remove(peer);
  }

  /** Drops the older half at once: this process can open no file any more. False if there was nobody to drop. */
  dropHalf(): boolean {
    const half = [...this.#peers].slice(0, Math.ceil(this.#peers.size / 2));
    for (const peer of half) this.#drop(peer, "it proved nothing, and too many files were open");
    return half.length > 0;
  }

  /** Drops all of them, and lets nobody wait any longer. */
  clear(): void {
    this.#isClosed = true;
    this.#wake?.();
    for (const peer of this.#peers) {
      this.#remove(peer);
      closeStream(peer.stream);
    }
  }

  /** How many there may be now. */
  #most(): number {
    const { expected, files } = this.#options;
    const wanted = Math.min(MOST_PEERS, expected() + MOST_STRANGERS);
    if (this.#came < UNWATCHED) return wanted;
    const free = files.free();
    const reserve = Math.min(MOST_RESERVED, files.limit / 4);
    if (free <= Math.min(LEAST_RESERVED, reserve / 2)) return 0;
    return Math.min(wanted, Math.max(LEAST_PEERS, this.#peers.size + free - reserve));
  }

  /** Waits until a peer has gone, or for as long. */
  async #change(atMostMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, atMostMs);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  #drop(peer: Peer, cause: string): void {
    this.#remove(peer);
    closeStream(peer.stream);
    this.#options.dropped(cause, peer.source);
  }

  #remove(peer: Peer): boolean {
    clearTimeout(peer.timer);
    this.#wake?.();
    return this.#peers.delete(peer);
  }
}
