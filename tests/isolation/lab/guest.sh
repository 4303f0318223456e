#!/bin/sh
# A guest alone on its CPUs, with a hog for each CPU, and whoever is killed.
# shellcheck shell=dash disable=SC1091,SC2034,SC2046,SC2086,SC2154
. ./common.sh

# process_named NAME: its id, by what /proc/PID/comm says.
process_named() {
  local folder name
  for folder in /proc/[0-9]*; do
    read -r name <"$folder/comm" || continue
    [ "$name" != "$1" ] || echo "${folder#/proc/}"
  done 2>/dev/null | head -n 1
}

# guest: two spinning vCPUs on CPUs 2 and 3.
guest() {
  qemu-pin run --isolate -- qemu-system-x86_64 -nodefaults -no-user-config -display none \
    -accel tcg,thread=multi -smp 2 -m 16 -bios /lab/spin.bin -name lab,debug-threads=on \
    -emulatorpin affinity=0-1 -vcpu 0,affinity=2 -vcpu 1,affinity=3 $more >/results/run 2>&1 &
  run=$!
  for _ in $(seq 900); do
    qemu=$(process_named qemu-system-x86)
    [ -n "$qemu" ] && grep -qs '"isolated"' /run/qemu-pin/journal.json &&
      [ "$(cat /proc/$qemu/task/*/status | grep -c 'Cpus_allowed_list:.[23]$')" = 2 ] && return
    sleep 0.2
  done
  fail "the guest has not started: $(cat /results/run)"
  finish
}

# restored WHY: the journal goes, and all is as it was.
restored() {
  for _ in $(seq 900); do
    [ -e /run/qemu-pin ] || break
    sleep 0.2
  done
  [ ! -e /run/qemu-pin ] || fail "$1: nothing was restored"
  snapshot after
  expect "$1: all is as it was" same before after
}

# It moves interrupts as it likes.
[ ! -d /run/systemd/system ] || systemctl stop irqbalance
snapshot before

echo '== alone for 10 s'
start_hogs 8
guest
# What was on the CPUs leaves them when the kernel sees to it.
for _ in $(seq 60); do
  ! qemu-pin isolate --status --for 1 >/dev/null || break
done
cat /results/run
qemu-pin isolate --status --for 10 >/results/status || fail 'it is not alone'
cat /results/status
grep -q 'strangers: none in ' /results/status || fail 'there are strangers'
qemu-pin verify --quiet || fail 'its threads are not where they were asked to be'
stop_hogs

echo '== QEMU is killed'
kill -KILL "$qemu"
wait $run
[ $? = 137 ] || fail 'qemu-pin run did not end as QEMU did'
[ ! -e /run/qemu-pin/journal.json ] || fail "it was not restored when qemu-pin run ended: $(cat /results/run)"
restored 'QEMU killed'

echo '== qemu-pin run is killed'
guest
kill -KILL $run
restored 'qemu-pin run killed'
[ ! -d "/proc/$qemu" ] || fail 'QEMU has outlived qemu-pin run'

# The rest does not depend on whose QEMU it is.
qemu-system-x86_64 -help | grep -q -e '^-vcpu' || finish

echo '== both are killed'
guest
kill -KILL $run "$qemu"
restored 'both killed'

echo '== who restores is killed too, so restore does it'
guest
kill -KILL $(process_named qemu-pin-restor) $run "$qemu"
sleep 1
[ -e /run/qemu-pin/journal.json ] || fail 'who restored?'
expect restore qemu-pin restore
restored 'all killed'

echo '== a guest in the background'
more='-daemonize -pidfile /run/lab-qemu.pid'
guest
wait $run
expect 'it is isolated while it runs' test -e /run/qemu-pin/journal.json
kill "$(cat /run/lab-qemu.pid)"
restored 'a guest in the background'
more=

echo '== a QEMU that cannot start'
qemu-pin run --isolate -q -- qemu-system-x86_64 -nodefaults -machine nonesuch -vcpu 0,affinity=2 && fail 'it started'
restored 'no QEMU'

echo '== SIGTERM'
guest
kill -TERM $run
wait $run
restored SIGTERM

finish
