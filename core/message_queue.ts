/**
 * Messages that wait for their one reader.
 *
 * @module
 */

/** A queue that one side fills and the other waits on. */
export class MessageQueue<T> {
  readonly #messages: T[] = [];
  #head = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  /** Adds a message; after `close` it is dropped. */
  push(message: T): void {
    if (this.#closed) return;
    this.#messages.push(message);
    this.#wake?.();
  }

  /** Nothing comes any more; what is there can still be read. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The next message, if one is there. */
  poll(): T | undefined {
    if (this.#head === this.#messages.length) return undefined;
    const message = this.#messages[this.#head++];
    // A queue that never runs empty must not keep all that ever went through it.
    if (2 * this.#head >= this.#messages.length) {
      this.#messages.splice(0, this.#head);
      this.#head = 0;
    }
    return message;
  }

  /** All messages as they come, until the queue is closed and empty. For one reader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (let next = await this.receive(); next !== undefined; next = await this.receive()) yield next;
  }

  /** The next message, or undefined once the queue is closed and empty. */
  async receive(): Promise<T | undefined> {
    while (true) {
      const message = this.poll();
      if (message !== undefined || this.#closed) return message;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = undefined;
    }
  }
}
