/**
 * The script that an instance of a private cluster runs when it starts.
 *
 * @module
 */

/** What the script must know. */
export interface UserDataOptions {
  /** The cluster that the instance joins. */
  readonly cluster: string;
  /** The family of the run's task definition. */
  readonly family: string;
}

/** Minutes without a task of the run after which an instance powers itself off. */
export const IDLE_MINUTES = 20;

const WATCHDOG = "blockfleet's dead-man's switch";

/**
 * The user data of an instance that is to join a cluster and to end itself when its run is gone.
 *
 * Sources: "Bootstrapping Amazon ECS Linux container instances" (`/etc/ecs/ecs.config`), "Container agent introspection"
 * (port 51678), Amazon ECS Developer Guide.
 */
export function makeUserData({ cluster, family }: UserDataOptions): string {
  return `#!/bin/bash
${watchdog(family)}
mkdir -p /etc/ecs
cat >> /etc/ecs/ecs.config <<'END'
ECS_CLUSTER=${cluster}
${[...SETTINGS, BLOCK_IMDS].join("\n")}
END
`;
}

/** The agent tells tasks of a Spot interruption only if it drains; it allows a container 30 s to stop unless told. */
const SETTINGS = ["ECS_ENABLE_SPOT_INSTANCE_DRAINING=true", "ECS_CONTAINER_STOP_TIMEOUT=120s"];

/**
 * Without it whatever a task in awsvpc mode runs could take the credentials of the instance's role, which may do more than the
 * task's ("Task IAM role", Amazon ECS Developer Guide). Who writes the user data decides it there.
 */
const BLOCK_IMDS = "ECS_AWSVPC_BLOCK_IMDS=true";

/**
 * The user's own user data with the dead-man's switch put in, if it is a shell script.
 *
 * @param text as it would be given to boto3: plain text.
 * @returns undefined if it is no shell script, so that nothing can be put in.
 */
export function addWatchdog(text: string, family: string): string | undefined {
  if (text.includes(WATCHDOG)) return text;
  const [, shebang, rest] = /^(#! ?\/\S*(?:sh|env (?:ba)?sh)\b[^\n]*\n)([^]*)$/.exec(text) ?? [];
  if (shebang === undefined) return undefined;
  const settings = SETTINGS.map((line) => `echo ${line} >> /etc/ecs/ecs.config`).join("\n");
  // The switch first, should the script leave early; the settings last, should it write the file anew.
  return `${shebang}${watchdog(family)}\n${rest}\nmkdir -p /etc/ecs\n${settings}\n`;
}

/** Plain text as EC2 wants it. Text that is in base64 already, as the SDK for JavaScript wants it, is taken as it is. */
export function encodeUserData(text: string): string {
  return decodedUserData(text) === undefined ? new TextEncoder().encode(text).toBase64() : text;
}

/** The plain text of user data that may be in base64, as the SDK for JavaScript wants it, or not, as boto3 does. */
export function plainUserData(text: string): string {
  return decodedUserData(text) ?? text;
}

function decodedUserData(text: string): string | undefined {
  try {
    const decoded = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(text));
    return /^(#|Content-Type|MIME-Version|From |\[settings)/.test(decoded) ? decoded : undefined;
  } catch (error) {
    // No base64, or no text in it.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function watchdog(family: string): string {
  return `# ${WATCHDOG}: no task of this run for ${IDLE_MINUTES} minutes, and the machine ends itself
(
  idle=0
  while [ "$idle" -lt ${IDLE_MINUTES} ]; do
    sleep 60
    if curl -s -m 10 http://localhost:51678/v1/tasks | sed 's/{ *"Arn"/\\n&/g' |
      grep '"Family": *"${family}"' | grep -qv '"KnownStatus": *"STOPPED"'; then
      idle=0
    else
      idle=$((idle + 1))
    fi
  done
  shutdown -h now || poweroff -f
) > /dev/null 2>&1 < /dev/null &`;
}
