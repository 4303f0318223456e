#!/bin/sh
# Two nodes with SMT: sets by node, memory nodes.
# shellcheck disable=SC1091,SC2034,SC2046,SC2086,SC2154
. ./common.sh

root=$(cpuset_root)
node1=$(cat /sys/devices/system/node/node1/cpulist)
snapshot before
sleep 10000 &
guest=$!
expect 'a node' qemu-pin isolate N1 --mems 1 --pid $guest
[ "$(cat "$root/qemu-pin-$node1/cpuset.mems")" = 1 ] || fail "guest's mems"
grep -q 'Mems_allowed_list:.0$' /proc/$$/status || fail "the host's mems: $(grep Mems_allowed_list /proc/$$/status)"
grep -q 'Mems_allowed_list:.1$' /proc/$guest/status || fail "the guest's mems: $(grep Mems_allowed_list /proc/$guest/status)"
expect restore qemu-pin restore
qemu-pin isolate N1 --mems 0-1 && fail 'the host has no memory'
qemu-pin isolate N1 --mems 5 && fail 'there is no such node'
qemu-pin isolate 0-15 && fail 'the host has no CPU'
kill $guest
snapshot after
expect 'all is as it was' same before after
finish
