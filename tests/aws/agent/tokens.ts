/**
 * Idempotency tokens, which moto takes no notice of: the same call with the same token gets the first one's answer.
 *
 * @module
 */
import { type AwsAnswer, type AwsCall, errorAnswer } from "../aws_call.ts";

/** Tokens that were used. */
export class Tokens {
  readonly #used = new Map<string, { input: string; answer: Promise<AwsAnswer> }>();

  /** Makes the call, if no call of that token was answered well before. */
  async once(token: string | undefined, call: AwsCall, make: () => Promise<AwsAnswer>): Promise<AwsAnswer> {
    if (token === undefined) return await make();
    const input = JSON.stringify(call.input);
    const used = this.#used.get(token);
    if (used) {
      if (used.input === input) return await used.answer;
      const message = "The client token was used with other parameters";
      return errorAnswer(call, { code: "ConflictException", message, status: 400 });
    }
    const answer = make();
    this.#used.set(token, { input, answer });
    if ((await answer).status !== 200) this.#used.delete(token);
    return await answer;
  }
}
