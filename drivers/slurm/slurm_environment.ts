/**
 * The environment that `sbatch` runs in.
 *
 * @module
 */

/**
 * What a job gets of the submitting shell: where programs and homes are, modules, language, and SLURM's own settings. Not
 * its secrets, and not what SLURM told the job that the manager itself may run in.
 *
 * sbatch(1), `--export`: with `ALL`, the default, the job gets the whole environment of sbatch; with a list of names it
 * loads the user's login environment on the node besides, which takes long and fails at some sites. So everything is
 * exported, of an environment that holds only what is wanted.
 */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|KRB5CCNAME|LD_LIBRARY_PATH|DENO_DIR|DENO_CERT|DENO_TLS_CA_STORE|XDG_CACHE_HOME|XDG_STATE_HOME|SLURM_CONF|SLURM_CONF_SERVER|SLURM_CLUSTERS|SBATCH_.*|BASH_ENV|BASH_FUNC_(module|ml|_module_raw|which).*|MODULE.*|LMOD_.*|LOADEDMODULES|_LMFILES_|__MODULES_.*)$/;
/** Settings that would undo what every script needs. */
const DROPPED =
  /^SBATCH_(EXPORT|ARRAY_INX|ARRAY|JOB_NAME|COMMENT|SIGNAL|OUTPUT|ERROR|WAIT|OPEN_MODE|GET_USER_ENV)$/;

/** Picks the variables for `sbatch` out of an environment. */
export function slurmEnvironment(own: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(own).filter(([name]) => KEPT.test(name) && !DROPPED.test(name)),
  );
}
