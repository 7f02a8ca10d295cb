/**
 * The configuration of a Grid Engine that runs on one machine, for any user, root too. Sources: bootstrap(5), host_aliases(5),
 * sge_conf(5), queue_conf(5), sched_conf(5), sge_pe(5) and host_conf(5) of Son of Grid Engine 8.1.9.
 *
 * @module
 */

/** What differs from one such cluster to the next. */
export interface SgeConfSpec {
  /** `$SGE_ROOT`: an empty folder for everything that the daemons write. */
  readonly folder: string;
  /** The name of this machine. */
  readonly host: string;
  /** The user that the daemons run as. */
  readonly user: string;
}

/** Lines of a name and a value. */
function lines(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings).map(([name, value]) => `${name} ${value}\n`).join("");
}

/** Settings of a file that a command prints, with some of them replaced. */
export function changed(text: string, settings: Readonly<Record<string, string | number>>): string {
  // Long values go on behind a backslash.
  return text.replaceAll("\\\n", "").split("\n").filter((line) => line !== "" && !line.startsWith("#")).map(
    (line) => {
      const name = line.split(/\s/)[0]!;
      return name in settings ? `${name} ${settings[name]}` : line;
    },
  ).join("\n") + "\n";
}

/** Where the daemons keep what must outlive them: text files, which need no database. */
export function spoolingParams({ folder }: SgeConfSpec): string {
  return `${folder}/default/common;${folder}/spool/qmaster`;
}

/** The files in `default/common`, by name. */
export function commonFiles(spec: SgeConfSpec): Record<string, string> {
  const { folder, host, user } = spec;
  return {
    act_qmaster: `${host}\n`,
    // A machine whose name is that of its loopback interface is refused, if the two are not told to be one.
    host_aliases: `${host} localhost\n`,
    bootstrap: lines({
      admin_user: user,
      default_domain: "none",
      ignore_fqdn: "true",
      spooling_method: "classic",
      spooling_lib: "libspoolc",
      spooling_params: spoolingParams(spec),
      binary_path: "/usr/sbin",
      qmaster_spool_dir: `${folder}/spool/qmaster`,
      security_mode: "none",
      listener_threads: 2,
      worker_threads: 2,
      scheduler_threads: 1,
    }),
  };
}

/** What differs from the default configuration: anyone may have jobs, root too, and all is told at once. */
export function globalSettings({ folder }: SgeConfSpec): Record<string, string> {
  return {
    execd_spool_dir: `${folder}/spool/execd`,
    administrator_mail: "none",
    min_uid: "0",
    min_gid: "0",
    load_report_time: "00:00:01",
    reporting_params:
      "accounting=true reporting=false flush_time=00:00:01 accounting_flush_time=00:00:01 joblog=false sharelog=00:00:00",
  };
}

/** What differs from the default of the scheduler: it looks every second, and says why jobs wait. */
export const SCHEDULER_SETTINGS: Readonly<Record<string, string>> = {
  schedule_interval: "0:0:1",
  flush_submit_sec: "1",
  flush_finish_sec: "1",
  job_load_adjustments: "NONE",
  schedd_job_info: "true",
};

/** What differs from the template of a queue. */
export function queueSettings({ host }: SgeConfSpec): Record<string, string | number> {
  return {
    qname: "all.q",
    hostlist: host,
    load_thresholds: "NONE",
    pe_list: "smp",
    rerun: "TRUE",
    slots: 64,
    // From the notice to the end of a job that is cancelled.
    notify: "00:00:10",
  };
}

/** The machine as a host on which jobs run. */
export function execHost({ host }: SgeConfSpec): string {
  const names = ["load_scaling", "complex_values", "user_lists", "xuser_lists", "projects", "xprojects"];
  const none = [...names, "usage_scaling", "report_variables"].map((name) => [name, "NONE"]);
  return lines({ hostname: host, ...Object.fromEntries(none) });
}

/** A parallel environment whose slots are on one host. */
export const PARALLEL_ENVIRONMENT: string = lines({
  pe_name: "smp",
  slots: 99_999,
  user_lists: "NONE",
  xuser_lists: "NONE",
  start_proc_args: "NONE",
  stop_proc_args: "NONE",
  allocation_rule: "$pe_slots",
  control_slaves: "FALSE",
  job_is_first_task: "TRUE",
  urgency_slots: "min",
  accounting_summary: "FALSE",
  qsort_args: "NONE",
});
