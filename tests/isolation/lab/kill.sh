#!/bin/sh
# Killed before each write, and wherever else the host is changed, restore brings back all.
# shellcheck disable=SC1091,SC2034,SC2046,SC2086,SC2154
. ./common.sh

sleep 10000 &
pinned=$!
taskset -p 4 $pinned >/dev/null
snapshot before
tried=0
for call in write mkdir sched_setaffinity renameat; do
  n=1
  # Until it gets to its end.
  until KILL_CALL=$call KILL_AT=$n LD_PRELOAD=/lab/kill_at.so \
    qemu-pin isolate 2-3 --pid $pinned --skip caches,compact >/dev/null 2>&1; do
    qemu-pin restore >/results/restore 2>&1 || fail "restore after $call $n: $(cat /results/restore)"
    snapshot after
    expect "killed before $call $n" same before after
    tried=$((tried + 1))
    n=$((n + 1))
    [ $n -le 400 ] || break
  done
  qemu-pin restore >/dev/null || fail "restore after $call"
done
if ! is_v1; then
  # The controller was there before, and a group with a process inherits its set: to have it
  # inherit again, restore takes the controller away for a moment.
  echo '+hugetlb +memory +cpuset' >/sys/fs/cgroup/cgroup.subtree_control
  mkdir /sys/fs/cgroup/neighbour
  echo $pinned >/sys/fs/cgroup/neighbour/cgroup.procs
  snapshot before
  n=1
  qemu-pin isolate 2-3 --only cpuset >/dev/null || fail 'isolate beside a neighbour'
  until KILL_CALL=write KILL_AT=$n LD_PRELOAD=/lab/kill_at.so qemu-pin restore >/dev/null 2>&1; do
    qemu-pin restore >/results/restore 2>&1 || fail "restore once more, after $n: $(cat /results/restore)"
    snapshot after
    expect "restore killed before write $n" same before after
    tried=$((tried + 1))
    n=$((n + 1))
    [ $n -le 100 ] || break
    qemu-pin isolate 2-3 --only cpuset >/dev/null || fail "isolate again, after $n"
  done
  [ $n -ge 3 ] || fail "restore writes no more than $n times"
fi
echo "killed at $tried places"
[ $tried -ge 30 ] || fail 'at too few places'
finish
