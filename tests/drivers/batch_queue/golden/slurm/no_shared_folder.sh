#!/bin/bash
#SBATCH --job-name=blockfleet
#SBATCH --output=/home/ann/.blockfleet/logs/r1/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --comment=blockfleet:r1:0
#SBATCH --signal=B:TERM@60
#SBATCH --array=0-3

# Made by blockfleet for run r1.
# shellcheck disable=SC2016,SC2317
if [ -n "${BLOCKFLEET_KEY-}" ]; then
  blockfleet_secret=$BLOCKFLEET_KEY
  unset BLOCKFLEET_KEY
  exec /bin/bash "$0" 7<< EOF
$blockfleet_secret
EOF
fi
{ read -r blockfleet_secret <&7 && exec 7<&-; } 2> /dev/null
blockfleet_worker=
blockfleet_signal=
blockfleet_again=
blockfleet_end() {
  blockfleet_status=$?
  trap - EXIT
  printf 'blockfleet: job ends, exit status %s%s, %s\n' "$blockfleet_status" \
    "${blockfleet_signal:+, after SIG$blockfleet_signal}" "$(date)"
  exit "$blockfleet_status"
}
blockfleet_forward() {
  blockfleet_signal=$1
  blockfleet_again=yes
  if [ -z "$blockfleet_worker" ]; then exit 143; fi
  kill -TERM -- "-$blockfleet_worker" 2> /dev/null || :
}
trap blockfleet_end EXIT
trap 'blockfleet_forward TERM' TERM
trap 'blockfleet_forward USR1' USR1
trap 'blockfleet_forward USR2' USR2
printf 'blockfleet: job begins, %s on %s, %s\n' "${SLURM_JOB_ID:-${PBS_JOBID:-${JOB_ID:-$$}}}" "$(hostname)" "$(date)"
export NO_COLOR=1
cd -- /home/ann/work || printf 'blockfleet: this node has no such folder, which is no error\n' >&2
export BLOCKFLEET_KEY="$blockfleet_secret"
set -m
(
  set +m
  trap : TERM USR1 USR2
  /opt/deno/bin/deno run --no-prompt --cached-only --allow-all file:///opt/blockfleet/cli/main.ts worker --channel blockfleet:1/r1/login1/40000/plain/any -i auto --threads 1 --drain-grace 50
) < /dev/null &
blockfleet_worker=$!
set +m
while :; do
  blockfleet_again=
  wait "$blockfleet_worker"
  blockfleet_status=$?
  if [ -z "$blockfleet_again" ]; then break; fi
done
exit "$blockfleet_status"
