import { assertEquals } from "@std/assert";
import { RunPlaces } from "../../core/run_places.ts";
import { driver } from "../../drivers/threads.ts";

Deno.test("what a run may have left is told once, however often it is shut down", async () => {
  const state = await Deno.makeTempDir({ prefix: "blockfleet_state_" });
  const before = Deno.env.get("XDG_STATE_HOME");
  Deno.env.set("XDG_STATE_HOME", state);
  try {
    const notices: string[] = [];
    const places = new RunPlaces({
      ...{ runId: "run-1", driver, jobName: undefined, style: {} },
      ...{ attach: () => {}, notice: (line) => notices.push(line) },
    });
    await (await places.register()).intend({ type: "job", key: "blockfleet_run-1" });
    await places.closeRegister();
    await places.closeRegister();
    assertEquals(notices, [
      "Something of this run may be left (1 x job): remove it with blockfleet cleanup --run run-1",
    ]);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_STATE_HOME");
    else Deno.env.set("XDG_STATE_HOME", before);
    await Deno.remove(state, { recursive: true });
  }
});
