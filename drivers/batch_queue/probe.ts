/**
 * A short job that tests whether workers will reach their manager.
 *
 * @module
 */
import type { FleetSpec, Preview } from "../../core/driver.ts";
import type { BatchScheduler } from "./batch_scheduler.ts";
import { channelPlace } from "../../core/channel/advertised_addresses.ts";
import type { JobRequest } from "./batch_scheduler.ts";
import { beginScript } from "./begin_script.ts";
import type { CheckedParams } from "./extra_params.ts";
import { checkLogPath } from "./one_line.ts";
import { shellWord, shellWords } from "./shell_words.ts";

/** RIOS documents ports from 30000 on for its workers; any other free one may be put in its place. */
const PORT = 30_817;
/** The file, the listener and the job wait for each other so long at most, seconds. */
const SECONDS = { file: 60, listen: 900 };

/** The probe's own limit, seconds; SLURM may signal a job a minute before it is due (sbatch(1), `--signal`). */
const LIMIT = { walltimeSeconds: 180, terminateGraceSeconds: 1 };

/** Listens and says who came. A compiled blockfleet has no `eval`. */
function listener(hostname: string, port: number): string[] {
  if (Deno.build.standalone) {
    const words = ["timeout", String(SECONDS.listen), "python3", "-m", "http.server"];
    return [...words, "--bind", hostname, String(port)];
  }
  return [
    Deno.execPath(),
    "eval",
    `const l = Deno.listen({ hostname: ${JSON.stringify(hostname)}, port: ${port} }); ` +
    `setTimeout(() => Deno.exit(), ${SECONDS.listen * 1000}); ` +
    `for await (const c of l) { console.log("reached from", c.remoteAddr.hostname); c.close(); }`,
  ];
}

/**
 * What to run here, the job's script, and how to submit it: with the network, the names and the ports of the run.
 *
 * @throws {ConfigError} if there is no such interface, or nothing to advertise.
 */
export function previewProbe(
  scheduler: BatchScheduler,
  params: CheckedParams,
  { channel = {}, haveSharedTemp }: Pick<FleetSpec, "channel" | "haveSharedTemp">,
): Preview {
  const home = Deno.env.get("HOME") ?? "HOME";
  const folder = `${params.addressFolder ?? `${home}/.blockfleet/run`}/probe`;
  checkLogPath(folder, "the probe's log and file", "choose another with addressFolder");
  const file = `${folder}/channel`;
  const place = channelPlace(channel);
  const ownName = channel.networkInterface === undefined ? [Deno.hostname()] : [];
  const hosts = channel.advertise ?? [...ownName, ...place.hosts];
  const port = channel.ports?.lowest ?? PORT;
  const deno = params.program ?? Deno.execPath();
  const request: JobRequest = {
    name: "blockfleet_probe",
    token: "blockfleet-probe",
    logFolder: folder,
    logStem: "probe",
    params: { ...params, ...LIMIT },
  };
  return {
    steps: [
      {
        title: `Here, and leave it running: it ${
          haveSharedTemp ? "makes a file and " : ""
        }listens on port ${port}`,
        text: [
          `mkdir -p ${shellWord(folder)}${haveSharedTemp ? ` && date > ${shellWord(file)}` : ""}`,
          shellWords(listener(place.hostname, port)),
        ].join("\n"),
      },
      {
        title: "The job's script",
        text: probeScript({
          ...{ hosts, port, deno, initCmds: params.initCmds },
          file: haveSharedTemp ? file : undefined,
          begin: beginScript(scheduler, request),
          openLog: scheduler.openLog?.(request),
        }),
      },
      { title: "Submitted by", text: `${shellWords(scheduler.submitCommand)} < SCRIPT` },
      {
        title: "Its log, when it is over",
        text: `cat ${shellWord(folder)}/*.log && rm -r ${shellWord(folder)}`,
      },
    ],
  };
}

interface ProbeScript {
  /** The address file's stand-in; undefined if workers have none. */
  readonly file: string | undefined;
  /** Its first lines: shell and directives. */
  readonly begin: readonly string[];
  /** Shell text that opens the log, where no directive does. */
  readonly openLog?: string | undefined;
  readonly port: number;
  readonly hosts: readonly string[];
  readonly initCmds: readonly string[];
  readonly deno: string;
}

/** The probe's script: file, names, port and program, one line each. */
export function probeScript(
  { file, hosts, port, initCmds, deno, begin, openLog }: ProbeScript,
): string {
  return `${begin.join("\n")}

# Made by blockfleet: tests whether workers in jobs will reach their manager.
# shellcheck disable=SC2016
${openLog === undefined ? "" : `${openLog}\n`}${initCmds.join("\n")}
node=$(hostname)
${file === undefined ? "" : fileTest(file)}if ${shellWord(deno)} --version > /dev/null 2>&1; then
  printf 'program: ok\\n'
else
  printf 'program: %s does not run on %s: install it there, or set program\\n' ${shellWord(deno)} "$node"
fi
for host in ${shellWords(hosts)}; do
  if getent ahosts "$host" > /dev/null; then
    printf 'name %s: ok\\n' "$host"
  else
    printf 'name %s: not known on %s\\n' "$host" "$node"
  fi
  if timeout 10 bash -c 'exec 3<> "/dev/tcp/$0/$1"' "$host" ${port} 2> /dev/null; then
    printf 'port %s of %s: ok\\n' ${port} "$host"
  else
    printf 'port %s of %s: not reached: choose another network with --interface or --advertise\\n' ${port} "$host"
  fi
done
`;
}

function fileTest(file: string): string {
  const path = shellWord(file);
  const folder = shellWord(file.slice(0, file.lastIndexOf("/")));
  return `waited=0
while [ ! -s ${path} ] && [ "$waited" -lt ${SECONDS.file} ]; do
  ls -- ${folder} > /dev/null 2>&1 || :
  sleep 1
  waited=$((waited + 1))
done
if [ -s ${path} ]; then
  printf 'file: ok, seen on %s after %s s\\n' "$node" "$waited"
else
  printf 'file: %s is not visible on %s: use --shared-temp no, or another addressFolder\\n' ${path} "$node"
fi
`;
}
