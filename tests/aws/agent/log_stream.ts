/**
 * A container's log stream, as the log driver awslogs writes it.
 *
 * @module
 */
import type { MotoClient } from "../moto_client.ts";

/** A container's log configuration, in the words of a task or job definition. */
export interface LogConfiguration {
  /** `awslogs`, or another driver, of which nothing comes to CloudWatch. */
  readonly logDriver: string;
  /** `awslogs-group` and others. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A stream that is written. */
export class LogStream {
  readonly #moto: MotoClient;
  readonly #place: { readonly logGroupName: string; readonly logStreamName: string };
  readonly #events: { timestamp: number; message: string }[] = [];

  private constructor(moto: MotoClient, place: { logGroupName: string; logStreamName: string }) {
    this.#moto = moto;
    this.#place = place;
  }

  /**
   * Makes the stream, as the driver does before the container starts.
   *
   * @returns undefined if there is no such log group: the container can't start.
   */
  static async open(
    moto: MotoClient,
    { group, stream }: { readonly group: string; readonly stream: string },
  ): Promise<LogStream | undefined> {
    const { logGroups } = await moto.logs("DescribeLogGroups", { logGroupNamePrefix: group });
    if (!logGroups.some(({ logGroupName }: { logGroupName: string }) => logGroupName === group)) {
      return undefined;
    }
    const place = { logGroupName: group, logStreamName: stream };
    await moto.logs("CreateLogStream", place);
    return new LogStream(moto, place);
  }

  /** Takes what a container writes until it has ended, line by line, and then passes it on, as the driver does at the latest. */
  async take(outputs: readonly ReadableStream<Uint8Array>[]): Promise<void> {
    await Promise.all(outputs.map((output) => this.#read(output)));
    if (this.#events.length === 0) return;
    await this.#moto.logs("PutLogEvents", { ...this.#place, logEvents: this.#events.splice(0) });
  }

  async #read(output: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    const write = (message: string) => {
      // CloudWatch takes no empty events.
      if (message !== "") this.#events.push({ timestamp: Date.now(), message });
    };
    for await (const text of output.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      lines.forEach(write);
    }
    write(rest);
  }
}
