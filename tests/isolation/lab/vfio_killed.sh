#!/bin/sh
# Killed wherever the host or the undo file is changed, restore brings back all.
# shellcheck disable=SC1091,SC2154
. ./common.sh
. ./vfio_common.sh

sleep 10000 &
process=$!
mkdir "$root/old"
if is_v1; then
  echo 1-3 >"$root/old/cpuset.cpus"
  echo 0 >"$root/old/cpuset.mems"
fi
echo $process >"$root/old/cgroup.procs"
snapshot before

tried=0
for call in write mkdir rmdir renameat; do
  n=1
  # Until it gets to its end.
  until KILL_CALL=$call KILL_AT=$n LD_PRELOAD=/lab/kill_at.so \
    qemu-pin vfio-isolate -u /tmp/undo cpuset-create --cpus C1-4 /test.slice \
    move-tasks / /test.slice cpuset-delete /old irq-affinity mask C5 >/dev/null 2>&1; do
    tried=$((tried + 1))
    vfio_isolate restore /tmp/undo >/results/restore 2>&1 ||
      fail "killed at $call $n: $(cat /results/restore)"
    all_is "killed at $call $n"
    grep -qx $process "$root/old/cgroup.procs" || fail "killed at $call $n: its process is not in /old"
    # The many writes are alike: to interrupts.
    n=$((n + 1 + n / 4))
    [ $n -le 1000 ] || break
  done
  expect 'restore at the end' vfio_isolate restore /tmp/undo
  all_is "after $call"
done
echo "killed at $tried places"
[ $tried -ge 15 ] || fail 'at too few places'

echo '== without an undo file the next one undoes it'
KILL_CALL=write KILL_AT=6 LD_PRELOAD=/lab/kill_at.so \
  qemu-pin vfio-isolate irq-affinity mask C5 >/dev/null 2>&1
[ -e /run/qemu-pin/vfio-isolate.json ] || fail 'there was nothing to be undone'
vfio_isolate compact-memory 2>/results/interrupted
grep -q 'undone: what process .* left' /results/interrupted || fail "$(cat /results/interrupted)"
all_is 'after one without an undo file'
finish
