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
echo "killed at $tried places"
[ $tried -ge 30 ] || fail 'at too few places'
finish
