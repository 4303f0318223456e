#!/usr/bin/env bats
# The lab gives the host that was asked for, and brings back what its script left.
# shellcheck disable=SC2154

bats_require_minimum_version 1.5.0

lab=$BATS_TEST_DIRNAME/lab

setup() {
  export TMPDIR=$BATS_TEST_TMPDIR
  out=$BATS_TEST_TMPDIR/out
  script=$BATS_TEST_TMPDIR/script
}

teardown() {
  # Whatever a failed test left running.
  local left
  mapfile -t left < <(qemu_processes)
  [[ -z ${started:-} ]] || left+=("$started")
  ((${#left[@]} == 0)) || kill -KILL "${left[@]}" 2> /dev/null || true
}

# needs_host KIND: skips the test where such a host cannot be made here.
needs_host() {
  local tool tools=("${LAB_QEMU:-qemu-system-x86_64}" apt-get apt-cache dpkg xz)
  [[ $1 != systemd ]] || tools+=(debootstrap cpio)
  for tool in "${tools[@]}"; do
    command -v "$tool" > /dev/null || skip "needs $tool"
  done
  [[ $1 != systemd || $EUID == 0 ]] || skip 'needs root, for debootstrap'
  run "$lab" --host "$1" --prepare
  [[ $output != *'apt knows no'* && $output != *'apt cannot download'* ]] || skip "$output"
  [[ $status == 0 ]] || { echo "$output"; return 1; }
}

# lab_run OPTION...: runs the script that it reads from standard input; sets status and output.
lab_run() {
  cat > "$script"
  # A busy host boots a guest in minutes; more than that is a fault.
  run "$lab" --timeout 1800 "$@" "$script" "$out"
}

# start_lab: the same in the background, until the script has started; sets started.
start_lab() {
  cat > "$script"
  "$lab" --timeout 1800 "$script" "$out" 3>&- &
  started=$!
  until grep -q '^lab: script starts' "$out/console" 2> /dev/null; do
    kill -0 "$started"
    sleep 0.1
  done
}

assert_status() {
  [[ $status == "$1" ]] || {
    printf 'status %s, not %s: %s\n' "$status" "$1" "$output"
    tail -n 20 "$out/stderr" || true
    return 1
  }
}

assert_output_has() { [[ $output == *"$1"* ]] || { echo "no '$1' in: $output"; return 1; }; }

# assert_result NAME TEXT: the guest left TEXT in /results/NAME.
assert_result() {
  [[ $(< "$out/results/$1") == "$2" ]] || {
    printf '%s is not %s but:\n' "$1" "$2"
    cat "$out/results/$1"
    return 1
  }
}

# The processes of this test's QEMU, whose arguments name its disk, which is in this test's folder.
qemu_processes() { pgrep -f "file=$BATS_TEST_TMPDIR/qemu-pinning-lab"; }

# assert_gone: no QEMU is left; that it dies may take the kernel a moment.
assert_gone() {
  local tries
  for ((tries = 0; tries < 1800; tries++)); do
    qemu_processes > /dev/null || return 0
    sleep 0.1
  done
  echo 'QEMU is left'
  return 1
}

@test "eight flat CPUs on cgroup v2: shape, interrupts, programs, files and results" {
  needs_host v2
  mkdir -p "$BATS_TEST_TMPDIR/folder/inner"
  echo added > "$BATS_TEST_TMPDIR/folder/inner/file"
  lab_run --program taskset --add "$BATS_TEST_TMPDIR/folder" \
    --add "$BATS_TEST_TMPDIR/folder/inner/file:/etc/lab.conf" << 'SCRIPT'
#!/bin/sh
cd /results
nproc > cpus
cat /sys/devices/system/node/online > nodes
cat /sys/devices/system/cpu/cpu*/topology/thread_siblings_list | tr '\n' ' ' > siblings
grep -o ' - cgroup[2]* ' /proc/self/mountinfo | sort | uniq -c | tr -s ' ' > cgroups
sed 's/.*:/:/' /proc/self/cgroup > group
mkdir /sys/fs/cgroup/part && echo +cpuset > /sys/fs/cgroup/cgroup.subtree_control
echo 6-7 > /sys/fs/cgroup/part/cpuset.cpus && echo isolated > /sys/fs/cgroup/part/cpuset.cpus.partition
cat /sys/fs/cgroup/part/cpuset.cpus.partition > partition
irq() { basename "$(dirname /proc/irq/*/"$1")"; }
moved() { echo 2 2> /dev/null > "/proc/irq/$1/smp_affinity_list" && cat "/proc/irq/$1/smp_affinity_list"; }
moved "$(irq virtio1-input.0)" > movable
moved "$(irq virtio0-req.0)" > managed || echo "no" > managed
echo > /dev/ttyS0
(taskset -c 3 grep Cpus_allowed_list /proc/self/status) > pinned
cat /lab/folder/inner/file /etc/lab.conf > files
mkdir -p deep/folder && ln -s nowhere deep/folder/link
echo to stdout
echo to stderr >&2
exit 7
SCRIPT
  assert_status 7
  [[ $output == '' ]]
  assert_result cpus 8
  assert_result nodes 0
  assert_result siblings '0 1 2 3 4 5 6 7 '
  assert_result cgroups ' 1 - cgroup2 '
  assert_result group :/
  assert_result partition isolated
  assert_result movable 2
  assert_result managed no
  assert_result pinned $'Cpus_allowed_list:\t3'
  assert_result files $'added\nadded'
  [[ $(readlink "$out/results/deep/folder/link") == nowhere ]]
  [[ $(< "$out/stdout") == 'to stdout' ]]
  [[ $(< "$out/stderr") == 'to stderr' ]]
  [[ $(< "$out/status") == 7 ]]
  # Its folder of this run is gone.
  [[ -z $(find "$TMPDIR" -name 'qemu-pinning-lab.*') ]]
}

@test "sixteen CPUs with SMT and two nodes on cgroup v1" {
  needs_host v1
  lab_run --shape smt16 --host v1 --append isolcpus=14-15 << 'SCRIPT'
#!/bin/sh
cd /results
nproc --all > cpus
cat /sys/devices/system/node/node?/cpulist > nodes
for cpu in 0 9; do cat /sys/devices/system/cpu/cpu$cpu/topology/thread_siblings_list; done > siblings
cat /sys/devices/system/cpu/cpu*/topology/physical_package_id | sort | uniq -c | tr -s ' ' > sockets
awk '/MemTotal/ { print ($4 > 0) }' /sys/devices/system/node/node?/meminfo > memory
sed -n 's/.* - \(cgroup[2]*\) .*,\(cpuset\)$/\1 \2/p' /proc/self/mountinfo > cgroups
grep -c cgroup2 /proc/self/mountinfo > unified
cat /sys/fs/cgroup/cpuset/cpuset.cpus > cpuset
cat /sys/devices/system/cpu/isolated > isolated
SCRIPT
  assert_status 0
  assert_result cpus 16
  assert_result nodes $'0-7\n8-15'
  assert_result siblings $'0-1\n8-9'
  assert_result sockets $' 8 0\n 8 1'
  assert_result memory $'1\n1'
  assert_result cgroups 'cgroup cpuset'
  assert_result unified 0
  assert_result cpuset 0-15
  assert_result isolated 14-15
}

@test "a host with systemd is up before the script starts" {
  needs_host systemd
  lab_run --host systemd --program strace << 'SCRIPT'
#!/bin/bash
cd /results
cat /proc/1/comm > init
systemctl is-system-running > running
stat -f -c %T /sys/fs/cgroup > cgroup
systemctl is-active system.slice user.slice dbus.service irqbalance.service > units
cat /proc/self/cgroup > group
systemctl set-property --runtime system.slice AllowedCPUs=0-3
cat /sys/fs/cgroup/system.slice/cpuset.cpus.effective > allowed
strace -o trace -e inject=sched_setaffinity:error=EPERM taskset -c 1 true
exit 3
SCRIPT
  assert_status 3
  assert_result init systemd
  [[ $(< "$out/results/running") =~ ^(running|degraded)$ ]]
  assert_result cgroup cgroup2fs
  assert_result units $'active\nactive\nactive\nactive'
  assert_result group 0::/system.slice/lab.service
  assert_result allowed 0-3
  grep -q 'EPERM.*INJECTED' "$out/results/trace"
}

@test "a script that hangs is ended at the timeout: 125, what it wrote, no status, no QEMU" {
  needs_host v2
  lab_run --timeout 180 << 'SCRIPT'
#!/bin/sh
echo begun
echo early > /results/early
sleep 1000 &
sleep 1000
SCRIPT
  assert_status 125
  assert_output_has 'lab: timeout after 180 s'
  assert_output_has 'lab: script starts'
  [[ $(< "$out/stdout") == begun ]]
  assert_result early early
  [[ ! -e $out/status ]]
  assert_gone
}

@test "a guest that ends by itself is a failure of the lab, not a result" {
  needs_host v2
  mkdir -p "$out"
  echo 0 > "$out/status"
  lab_run << 'SCRIPT'
#!/bin/sh
poweroff -f
SCRIPT
  assert_status 125
  assert_output_has 'lab: the guest ended without results'
  assert_output_has 'reboot: Power down'
  [[ ! -e $out/status ]]
}

@test "a guest that does not come up is booted again" {
  needs_host v2
  local once=$BATS_TEST_TMPDIR/once qemu=$BATS_TEST_TMPDIR/qemu
  printf '#!/bin/sh\n[ ! -e %s ] || exec qemu-system-x86_64 "$@"\n: >%s\nexec sleep 1000\n' "$once" "$once" > "$qemu"
  chmod 755 "$qemu"
  LAB_QEMU=$qemu LAB_BOOT_SECONDS=90 lab_run <<< $'#!/bin/sh\ntrue'
  assert_status 0
  assert_output_has 'booted again'
}

@test "a guest whose kernel is stuck is booted again, twice at most" {
  needs_host v2
  lab_run << 'SCRIPT'
#!/bin/sh
echo begun >/results/early
echo 'watchdog: BUG: soft lockup - CPU#1 stuck for 22s!' >/dev/kmsg
sleep 20
echo ended
SCRIPT
  assert_status 0
  [[ $(grep -c 'is stuck ("soft lockup"), so it is booted again' <<< "$output") == 2 ]]
  [[ $(< "$out/stdout") == ended ]]
  assert_result early begun
}

@test "a terminated lab leaves no QEMU and no folder" {
  needs_host v2
  start_lab <<< $'#!/bin/sh\nsleep 1000'
  qemu_processes
  kill -TERM "$started"
  status=0
  wait "$started" || status=$?
  assert_status 143
  assert_gone
  [[ -z $(find "$TMPDIR" -name 'qemu-pinning-lab.*') ]]
}

@test "the QEMU of a killed lab dies with it" {
  needs_host v2
  start_lab <<< $'#!/bin/sh\nsleep 1000'
  qemu_processes
  kill -KILL "$started"
  assert_gone
}

@test "a wrong command line is refused with 125, before anything is booted" {
  printf '#!/bin/sh\n' > "$script"
  local arguments
  while IFS='|' read -r arguments message; do
    # Words, by intention.
    # shellcheck disable=SC2086
    run "$lab" $arguments
    [[ $status == 125 ]] || { echo "$arguments: $status"; return 1; }
    assert_output_has "$message"
  done << ARGUMENTS
|SCRIPT and RESULTS_DIR are needed
$script|SCRIPT and RESULTS_DIR are needed
--shape round $script $out|--shape round
--host v3 $script $out|--host v3
--timeout 1m $script $out|--timeout 1m
--timeout|--timeout needs a value
--nonsense $script $out|unknown option --nonsense
$script.missing $out|no such file: $script.missing
--program no-such-program $script $out|--program no-such-program: no such program
--add $script.missing $script $out|--add $script.missing: no such file
ARGUMENTS
  [[ ! -e $out/console ]]
}
