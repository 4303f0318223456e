#!/bin/sh
# Isolating and restoring, with groups and masks of all kinds, hogs, two isolations, flags.
# shellcheck disable=SC1091,SC2034,SC2046,SC2086,SC2154
. ./common.sh

root=$(cpuset_root)
[ ! -d /run/systemd/system ] || systemctl stop irqbalance
sleep 10000 &
pinned=$!
sleep 10000 &
grouped=$!
taskset -p 4 $pinned >/dev/null
if [ ! -d /run/systemd/system ]; then
  mkdir -p "$root/foo/bar"
  if is_v1; then
    for group in foo foo/bar; do
      echo 0 >"$root/$group/cpuset.mems"
      echo 1-4 >"$root/$group/cpuset.cpus"
    done
  fi
  echo $grouped >"$root/foo/bar/cgroup.procs"
fi
snapshot before
start_hogs 8
watched='2 3'

echo '== isolate'
expect isolate qemu-pin isolate 2-3
waited=0
while [ "$(on_cpus)" != 0 ] && [ $waited -lt 240 ]; do
  sleep 0.5
  waited=$((waited + 1))
done
[ "$(on_cpus)" = 0 ] || fail "$(on_cpus) hogs are on the CPUs still"
qemu-pin isolate --status --for 1
expect restore qemu-pin restore
# As soon as the kernel balances again, which takes an emulated host some seconds.
waited=0
while [ "$(on_cpus)" = 0 ] && [ $waited -lt 240 ]; do
  sleep 0.5
  waited=$((waited + 1))
done
[ "$(on_cpus)" != 0 ] || fail "no hog has come back: $(grep -h Cpus_allowed_list $(printf '/proc/%s/status ' $hogs) | sort | uniq -c)"
# All else goes faster without them.
stop_hogs
snapshot after
expect 'all is as it was' same before after

echo '== two isolations, the first of which ends first'
expect first qemu-pin isolate 2-3
qemu-pin isolate 3-4 && fail 'CPU 3 was isolated twice'
expect second qemu-pin isolate 4-5 --pid $pinned
grep Cpus_allowed_list /proc/$pinned/status
expect 'the first ends' qemu-pin restore 2-3
expect 'the second ends' qemu-pin restore
snapshot after
expect 'all is as it was' same before after

echo '== all steps, and the other way round'
all=cpuset,irq,kthreads,governor,caches,compact,timer-migration,watchdog,rt-runtime
expect first qemu-pin isolate 2-3 --only $all
expect second qemu-pin isolate 4-5 --only $all --irq-to-guest eth1
expect 'the second ends' qemu-pin restore 4-5
expect 'the first ends' qemu-pin restore 2-3
snapshot after
expect 'all is as it was' same before after

echo '== the kernel refuses what it refuses'
managed=$(sed -n 's/^ *\([0-9]*\):.*virtio0-req.*/\1/p' /proc/interrupts | head -n 1)
[ -n "$managed" ] || fail 'there is no managed interrupt here'
qemu-pin isolate 2-3 --only irq | tee /results/irq
restored=$(qemu-pin restore) || fail "$restored"

echo '== flags'
if is_v1; then
  for flags in --exclusive '--exclusive --no-load-balance' --migrate; do
    expect "$flags" qemu-pin isolate 6-7 $flags --pid $grouped
    case $flags in
      *exclusive*) [ "$(cat "$root/qemu-pin-6-7/cpuset.cpu_exclusive")" = 1 ] || fail "not $flags" ;;
    esac
    case $flags in
      *load*) [ "$(cat "$root/cpuset.sched_load_balance")" = 0 ] || fail "not $flags" ;;
      --migrate) [ "$(cat "$root/qemu-pin-6-7/cpuset.memory_migrate")" = 1 ] || fail "not $flags" ;;
    esac
    expect "restore after $flags" qemu-pin restore
    snapshot after
    expect "after $flags all is as it was" same before after
  done
  qemu-pin isolate 6-7 --partition isolated --pid $grouped && fail 'v1 has partitions'
else
  for kind in isolated root; do
    qemu-pin isolate 6-7 --partition $kind --pid $grouped | tee /results/partition || fail "partition $kind"
    group=$(sed -n 's/.*"group": "\(.*qemu-pin-6-7[^"]*\)",*/\1/p' /run/qemu-pin/journal.json | head -n 1)
    [ "$(cat "$group/cpuset.cpus.partition")" = $kind ] || fail "no partition: $(cat "$group/cpuset.cpus.partition")"
    grep -q 'Cpus_allowed_list:.*6-7$' /proc/$grouped/status || fail "$(grep allowed_list /proc/$grouped/status)"
    expect "restore after $kind" qemu-pin restore
    snapshot after
    expect "after a partition all is as it was" same before after
  done
  qemu-pin isolate 6-7 --exclusive && fail 'v2 has --exclusive'
  if [ -d /run/systemd/system ]; then
    qemu-pin isolate 6-7 --partition root && fail 'a partition for nobody'
  fi
  if [ ! -d /run/systemd/system ]; then
    echo '== a group that has processes inherits again, though the controller stays'
    echo +cpuset >"$root/cgroup.subtree_control"
    snapshot enabled
    expect 'isolate where it was enabled' qemu-pin isolate 2-3
    [ "$(cat "$root/foo/cpuset.cpus")" = 0-1,4-7 ] || fail "foo has '$(cat "$root/foo/cpuset.cpus")'"
    expect 'restore where it was enabled' qemu-pin restore
    snapshot after
    expect 'it inherits' same enabled after

    # Another group wants the same CPUs, and they are its to keep.
    mkdir "$root/machine.slice"
    echo 6-7 >"$root/machine.slice/cpuset.cpus"
    qemu-pin isolate 6-7 --partition root --pid $grouped | tr -s '\n ' ' ' | tee /results/refused
    grep -q 'the kernel says: root invalid' /results/refused || fail 'the kernel has not refused'
    [ "$(cat "$root/qemu-pin-6-7/cpuset.cpus.partition")" = member ] || fail 'it is not plain'
    # So foo, which has processes, cannot inherit again.
    qemu-pin restore >/results/inherit
    grep -q "foo/cpuset.cpus: not inherited, but has what its parent has, '0-7'" /results/inherit ||
      fail "restore after a refusal: $(cat /results/inherit)"
    rmdir "$root/machine.slice"
    echo -cpuset >"$root/cgroup.subtree_control"
    snapshot after
    expect 'after a refused partition all is as it was' same before after
  fi
fi

echo '== somebody else'
expect isolate qemu-pin isolate 2-3
taskset -p 80 $pinned >/dev/null
echo 6 >/proc/irq/4/smp_affinity_list
qemu-pin restore | tee /results/left
[ "$(cat /proc/irq/4/smp_affinity_list)" = 6 ] || fail 'what somebody else changed was changed back'
grep -q 'Cpus_allowed_list:.*7$' /proc/$pinned/status || fail "$(grep allowed_list /proc/$pinned/status)"
sed -n 's|^/proc/irq/4/smp_affinity_list:||p' /results/before.files >/proc/irq/4/smp_affinity_list
taskset -p 4 $pinned >/dev/null
snapshot after
expect 'all else is as it was' same before after

if [ -d /run/systemd/system ]; then
  echo '== irqbalance'
  systemctl start irqbalance
  sleep 3
  expect 'isolate with irqbalance' qemu-pin isolate 2-3 --only irq | tee /results/irqbalance
  grep -q 'leaves CPUs 2-3 alone' /results/irqbalance || fail 'irqbalance was not told'
  expect 'restore with irqbalance' qemu-pin restore
  qemu-pin isolate 2-3 --only irq --dry-run | grep -q '(inherited) -> 2-3' || fail 'CPUs are banned still'
fi
kill $pinned $grouped
[ ! -e /run/qemu-pin ] || fail 'there is a journal left'
finish
