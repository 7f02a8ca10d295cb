/**
 * A short job that tests whether workers will reach their manager.
 *
 * @module
 */
import type { Preview } from "../../core/driver.ts";
import type { BatchScheduler } from "./batch_scheduler.ts";
import { advertisedAddresses } from "../../core/channel/advertised_addresses.ts";
import { directiveLines } from "./batch_scheduler.ts";
import type { CheckedParams } from "./extra_params.ts";
import { shellWord, shellWords } from "./shell_words.ts";

/** RIOS documents ports from 30000 on for its workers; any other free one may be put in its place. */
const PORT = 30_817;
/** The file, the listener and the job wait for each other so long at most, seconds. */
const SECONDS = { file: 60, listen: 900 };

/** Listens and says who came. A compiled blockfleet has no `eval`. */
const LISTENER = Deno.build.standalone
  ? ["timeout", String(SECONDS.listen), "python3", "-m", "http.server", String(PORT)]
  : [
    Deno.execPath(),
    "eval",
    `const l = Deno.listen({ port: ${PORT} }); setTimeout(() => Deno.exit(), ${SECONDS.listen * 1000}); ` +
    `for await (const c of l) { console.log("reached from", c.remoteAddr.hostname); c.close(); }`,
  ];

/** What to run here, the job's script, and how to submit it. */
export function previewProbe(scheduler: BatchScheduler, params: CheckedParams): Preview {
  const home = Deno.env.get("HOME") ?? "HOME";
  const folder = `${params.addressFolder ?? `${home}/.blockfleet/run`}/probe`;
  const file = `${folder}/channel`;
  const hosts = [Deno.hostname(), ...advertisedAddresses(Deno.networkInterfaces())];
  const deno = params.program ?? Deno.execPath();
  const directives = scheduler.directives({
    name: "blockfleet_probe",
    token: "blockfleet-probe",
    logFolder: folder,
    logStem: "probe",
    params: { ...params, walltimeSeconds: 120 },
  });
  return {
    steps: [
      {
        title: `Here, and leave it running: it makes a file and listens on port ${PORT}`,
        text: [
          `mkdir -p ${shellWord(folder)} && date > ${shellWord(file)}`,
          shellWords(LISTENER),
        ].join("\n"),
      },
      {
        title: "The job's script",
        text: probeScript({ file, hosts, shell: params.shell, initCmds: params.initCmds, deno }, [
          ...directiveLines(scheduler, directives, params),
        ]),
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
  readonly file: string;
  readonly hosts: readonly string[];
  readonly shell: string;
  readonly initCmds: readonly string[];
  readonly deno: string;
}

/** The probe's script: file, names, port and program, one line each. */
export function probeScript(
  { file, hosts, shell, initCmds, deno }: ProbeScript,
  directives: readonly string[],
): string {
  const path = shellWord(file);
  const folder = shellWord(file.slice(0, file.lastIndexOf("/")));
  return `#!${shell}
${directives.join("\n")}

# Made by blockfleet: tests whether workers in jobs will reach their manager.
# shellcheck disable=SC2016
${initCmds.join("\n")}
node=$(hostname)
waited=0
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
if ${shellWord(deno)} --version > /dev/null 2>&1; then
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
  if timeout 10 bash -c 'exec 3<> "/dev/tcp/$0/$1"' "$host" ${PORT} 2> /dev/null; then
    printf 'port %s of %s: ok\\n' ${PORT} "$host"
  else
    printf 'port %s of %s: not reached: choose another network with --interface or --advertise\\n' ${PORT} "$host"
  fi
done
`;
}
