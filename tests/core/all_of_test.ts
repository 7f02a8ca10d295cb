import { assertEquals, assertRejects } from "@std/assert";
import { allOf } from "../../core/all_of.ts";

Deno.test("the first error in the list is thrown, and only when nothing is under way any more", async () => {
  const { promise: slow, resolve } = Promise.withResolvers<number>();
  let isOver = false;
  const failing = Promise.reject(new Error("first"));
  const failed = assertRejects(
    () => allOf([failing, slow, Promise.reject(new Error("second"))]),
    Error,
    "first",
  )
    .then(() => isOver = true);
  await new Promise((done) => setTimeout(done));
  assertEquals(isOver, false);
  resolve(1);
  await failed;
  assertEquals(await allOf([Promise.resolve(1), Promise.resolve(2)]), [1, 2]);
});
