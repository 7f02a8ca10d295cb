/**
 * Peers that have connected and not proved themselves: few, and not for long.
 *
 * @module
 */
import { type ByteStream, closeStream } from "./connection.ts";

/** From accept to proof, milliseconds. */
const PATIENCE_MS = 10_000;
/** The most at one time; for one more the oldest has to go. */
const MOST = 512;
/**
 * What even the oldest gets, milliseconds. Without it a thousand peers that connect again as soon as they are dropped
 * would turn the whole set over within the time that an honest worker's proof takes.
 */
const LEAST_MS = 500;

interface Peer {
  readonly stream: ByteStream;
  readonly source: string;
  readonly sinceMs: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The unproved peers of one server. */
export class UnprovedPeers {
  readonly #peers = new Set<Peer>();
  readonly #dropped: (cause: string, source: string) => void;

  /**
   * No peers yet.
   *
   * @param dropped hears of peers that were dropped.
   */
  constructor(dropped: (cause: string, source: string) => void) {
    this.#dropped = dropped;
  }

  /** How many there are. */
  get count(): number {
    return this.#peers.size;
  }

  /** How long to wait before another peer may be taken in, milliseconds. */
  delayMs(): number {
    if (this.#peers.size < MOST) return 0;
    const [oldest] = this.#peers;
    return Math.max(0, oldest!.sinceMs + LEAST_MS - performance.now());
  }

  /**
   * Takes a peer in; whatever is done with it fails once it is dropped.
   *
   * @returns to be called when it has proved itself or is refused; whether it was still there.
   */
  add(stream: ByteStream, source: string): () => boolean {
    const [oldest] = this.#peers;
    if (oldest && this.#peers.size >= MOST) {
      this.#drop(oldest, `it was the oldest of ${MOST} that proved nothing`);
    }
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

  /** Drops all of them. */
  clear(): void {
    for (const peer of this.#peers) {
      this.#remove(peer);
      closeStream(peer.stream);
    }
  }

  #drop(peer: Peer, cause: string): void {
    this.#remove(peer);
    closeStream(peer.stream);
    this.#dropped(cause, peer.source);
  }

  #remove(peer: Peer): boolean {
    clearTimeout(peer.timer);
    return this.#peers.delete(peer);
  }
}
