import { assertEquals } from "@std/assert";
import type { Container, Task } from "@aws-sdk/client-ecs";
import type { EndCause } from "../../../core/driver.ts";
import { explainTask } from "../../../drivers/ecs/explain_task.ts";

const ESSENTIAL = "Essential container in task exited";

/** What AWS says ("Stopped task error codes", Amazon ECS Developer Guide), and what it means. */
const ENDS: readonly [EndCause, Partial<Task>, Container?][] = [
  ["exit", { stopCode: "EssentialContainerExited", stoppedReason: ESSENTIAL }, { exitCode: 0 }],
  ["exit", { stopCode: "EssentialContainerExited", stoppedReason: ESSENTIAL }, { exitCode: 133 }],
  ["killed", { stopCode: "EssentialContainerExited", stoppedReason: ESSENTIAL }, { exitCode: 137 }],
  ["killed", { stopCode: "EssentialContainerExited", stoppedReason: ESSENTIAL }, {
    reason: "OutOfMemoryError: Container killed due to memory usage",
  }],
  ["preempted", { stopCode: "SpotInterruption", stoppedReason: "Your Spot Task was interrupted." }, {
    exitCode: 0,
  }],
  ["preempted", { stopCode: "TerminationNotice", stoppedReason: "Termination notice" }, { exitCode: 137 }],
  ["node", { stopCode: "EssentialContainerExited", stoppedReason: "Host EC2 (instance i-1) terminated." }],
  ["node", { stopCode: "UserInitiated", stoppedReason: "container instance deregistration forced by user" }],
  ["cancelled", { stopCode: "UserInitiated", stoppedReason: "Task stopped by user" }, { exitCode: 137 }],
  ["cancelled", { stopCode: "ServiceSchedulerInitiated", stoppedReason: "Scaling activity" }],
  ["exit", { stopCode: "TaskFailedToStart", stoppedReason: "CannotPullContainerError: not found" }],
  ["unknown", {}],
];

for (const [cause, task, container] of ENDS) {
  const { stopCode, stoppedReason } = task;
  Deno.test(`${stopCode} "${stoppedReason}" ${JSON.stringify(container ?? {})} is ${cause}`, () => {
    const end = explainTask({ ...task, containers: [{ name: "w", ...container }] }, { containerName: "w" });
    assertEquals([end.cause, end.exitCode], [cause, container?.exitCode]);
    assertEquals(end.isClean, cause === "exit" && container?.exitCode === 0);
  });
}

Deno.test("the story of an end has everything that is known, in one line", () => {
  const task: Task = {
    taskArn: "arn:aws:ecs:us-east-1:1:task/c/abc",
    stopCode: "EssentialContainerExited",
    stoppedReason: ESSENTIAL,
    containers: [{ name: "side", exitCode: 0 }, {
      name: "w",
      exitCode: 137,
      reason: "OutOfMemoryError: too much",
    }],
  };
  assertEquals(
    explainTask(task, {
      containerName: "w",
      instanceId: "i-1",
      log: { group: "logs", stream: "blockfleet/w/abc" },
    }).text,
    "task abc stopped (EssentialContainerExited): Essential container in task exited: container 'w' exited with 137: " +
      "OutOfMemoryError: too much: give the workers more memory, or fewer threads; on instance i-1; " +
      "its log is stream 'blockfleet/w/abc' of 'logs'",
  );
});
