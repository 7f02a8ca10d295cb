import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { tailText } from "../../../drivers/aws/log_text.ts";

Deno.test("of a log its last 50 lines are shown, without empty ones and without control characters", () => {
  const messages = [
    ...Array.from({ length: 60 }, (_, n) => `line ${n}`),
    "",
    "two\nin one\u001b[31m  ",
    "\n",
  ];
  const lines = tailText(messages, []).split("\n");
  assertEquals([lines.length, lines[0]], [50, "line 12"]);
  assertEquals(lines.slice(-2), ["two", "in one [31m"]);
});

Deno.test("of long lines the last 16 KiB are shown, from the beginning of a line", () => {
  const text = tailText([`first ${"ä".repeat(8000)}`, `second ${"ä".repeat(4000)}`, "third"], []);
  assertEquals(text.slice(0, 9), "second ää");
  const one = tailText(["ä".repeat(20_000)], []);
  assertEquals(new Set(one), new Set("ä"));
  const { length } = new TextEncoder().encode(one);
  assert(length <= 16_384 && length > 16_380, String(length));
});

/** What a log may hold, and what of it must not show. */
const SECRETS: readonly (readonly [line: string, secret: string])[] = [
  ["BLOCKFLEET_KEY=a2V5LW9mLXRoZS1ydW4", "a2V5LW9mLXRoZS1ydW4"],
  ["the key is <a2V5LW9mLXRoZS1ydW4>", "a2V5LW9mLXRoZS1ydW4"],
  ["AWS_SECRET_ACCESS_KEY=abc/DEF+ghi", "abc/DEF+ghi"],
  ["aws_session_token = abcdef", "abcdef"],
  [`{"SecretAccessKey": "abcdef"}`, "abcdef"],
  ["DB_PASSWORD='letmein'", "letmein"],
  ["GET https://b.s3.amazonaws.com/k?X-Amz-Signature=0123abcd&x=1 failed", "0123abcd"],
  ["https://h/k?X-Amz-Security-Token=FwoG%2Fabc", "FwoG%2Fabc"],
];

for (const [line, secret] of SECRETS) {
  Deno.test(`of "${line}" the secret is not shown`, () => {
    const text = tailText(["before", line, "after"], ["a2V5LW9mLXRoZS1ydW4"]);
    assert(!text.includes(secret), text);
    assertStringIncludes(text, "***");
    assertEquals([text.split("\n")[0], text.split("\n")[2]], ["before", "after"]);
  });
}

Deno.test("what only looks like a secret is shown, and a short word is not taken for one", () => {
  const lines = ["SyntaxError: Unexpected token: '}'", "KeyError: key=7", "the monkey=banana"];
  assertEquals(tailText(lines, ["key", ""]), lines.join("\n"));
});
