/**
 * The configuration of a SLURM that runs on one machine, without systemd and without munge, for any user.
 *
 * @module
 */

/** What differs from one such cluster to the next. */
export interface SlurmConfSpec {
  /** An empty folder for everything that the daemons write. */
  readonly folder: string;
  /** The short name of this machine. */
  readonly host: string;
  /** The user that the daemons run as. */
  readonly user: string;
  /** Port of slurmctld. */
  readonly controllerPort: number;
  /** Name and port of each node's slurmd. */
  readonly nodes: readonly { readonly name: string; readonly port: number }[];
  /** Processors that each node says it has. */
  readonly cpusPerNode: number;
}

/** The text of `slurm.conf`. See slurm.conf(5) of SLURM 22.05. */
export function slurmConf({ folder, host, user, controllerPort, nodes, cpusPerNode }: SlurmConfSpec): string {
  const settings: Record<string, string | number> = {
    ClusterName: "blockfleet",
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: controllerPort,
    SlurmUser: user,
    SlurmdUser: user,
    AuthType: "auth/none",
    CredType: "cred/none",
    MpiDefault: "none",
    ProctrackType: "proctrack/linuxproc",
    TaskPlugin: "task/none",
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_CPU,CR_LLN",
    SchedulerType: "sched/backfill",
    SchedulerParameters:
      "batch_sched_delay=0,sched_min_interval=100000,sched_interval=1,bf_interval=1,default_queue_depth=500",
    PriorityType: "priority/basic",
    AccountingStorageType: "accounting_storage/none",
    JobAcctGatherType: "jobacct_gather/none",
    JobCompType: "jobcomp/none",
    ReturnToService: 2,
    MinJobAge: 300,
    KillWait: 5,
    SlurmctldTimeout: 30,
    SlurmdTimeout: 30,
    JobRequeue: 1,
    SlurmdParameters: "config_overrides",
    StateSaveLocation: `${folder}/state`,
    SlurmdSpoolDir: `${folder}/spool.%n`,
    SlurmctldPidFile: `${folder}/slurmctld.pid`,
    SlurmdPidFile: `${folder}/slurmd.%n.pid`,
    SlurmctldLogFile: `${folder}/log/slurmctld.log`,
    SlurmdLogFile: `${folder}/log/slurmd.%n.log`,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  for (const { name, port } of nodes) {
    lines.push(
      `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=${cpusPerNode} RealMemory=2000 State=UNKNOWN`,
    );
  }
  lines.push("PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 State=UP");
  return `${lines.join("\n")}\n`;
}
