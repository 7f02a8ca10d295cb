#!/bin/bash
#$ -N blockfleet
#$ -S /bin/bash
#$ -j y
#$ -o /dev/null
#$ -ac BLOCKFLEET_RUN=blockfleet:r1:0
#$ -notify
#$ -t 1-4

# Made by blockfleet for run r1.
# shellcheck disable=SC2016,SC2317
exec >> '/scratch/it'\''s, "$HOME": 100%/blockfleet_r1/workers_0_'"$SGE_TASK_ID".log 2>&1
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
blockfleet_waited=0
while [ ! -s /home/ann/.blockfleet/run/r1/channel ]; do
  if [ "$blockfleet_waited" -ge 90 ]; then
    printf 'blockfleet: %s is not visible on %s\n' /home/ann/.blockfleet/run/r1/channel "$(hostname)" >&2
    exit 66
  fi
  ls -- /home/ann/.blockfleet/run/r1 > /dev/null 2>&1 || :
  sleep 1
  blockfleet_waited=$((blockfleet_waited + 1))
done
set -m
coproc blockfleet_watch {
  read -r blockfleet_group && ! read -r && kill -KILL -- "-$blockfleet_group"
} 2> /dev/null
(
  set +m
  trap : TERM USR1 USR2
  /opt/deno/bin/deno run --no-prompt --cached-only --allow-all file:///opt/blockfleet/cli/main.ts worker --channel-file /home/ann/.blockfleet/run/r1/channel -i auto --threads 1 --drain-grace 50
) < /dev/null &
blockfleet_worker=$!
set +m
printf '%s\n' "$blockfleet_worker" >&"${blockfleet_watch[1]}"
while :; do
  blockfleet_again=
  wait "$blockfleet_worker"
  blockfleet_status=$?
  if [ -z "$blockfleet_again" ]; then break; fi
done
trap '' PIPE
{ printf 'done\n' >&"${blockfleet_watch[1]}"; } 2> /dev/null || :
exit "$blockfleet_status"
