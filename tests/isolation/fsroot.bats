#!/usr/bin/env bats
# A captured host is all that a command with --fsroot sees: the kernel is asked which files
# were opened, and none is this host's.

bats_require_minimum_version 1.5.0

setup_file() {
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  export qemu_pin=${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}
}

setup() {
  load captured
  host=$BATS_TEST_TMPDIR/host
  make_host "$host"
  for cpu in {0..7}; do
    mkdir -p "$host/sys/devices/system/cpu/cpu$cpu/topology"
    echo "$cpu" >"$host/sys/devices/system/cpu/cpu$cpu/topology/core_id"
    echo 0 >"$host/sys/devices/system/cpu/cpu$cpu/topology/physical_package_id"
    printf '%02x\n' $((1 << cpu)) >"$host/sys/devices/system/cpu/cpu$cpu/topology/thread_siblings"
    echo ff >"$host/sys/devices/system/cpu/cpu$cpu/topology/core_siblings"
  done
  trace=$BATS_TEST_TMPDIR/trace
}

# sees_only_the_captured_host ARGUMENT...: of a call that ends with 0 or 1.
sees_only_the_captured_host() {
  local status=0
  strace -f -qq -e trace=%file -o "$trace" "$qemu_pin" "$@" --fsroot "$host" "${after[@]}" || status=$?
  ((status <= 1))
  grep -q "\"$host/" "$trace" || grep -q 'openat([0-9]*, "' "$trace"
  # A process that reads under a limit of memory asks how much it has itself.
  ! grep -v '"/proc/self/statm"' "$trace" | grep -E '"/(proc|sys|run/qemu-pin)(/|")'
}

@test "plan and check see only the captured host" {
  rm -r "$host/sys/devices/system/node" # hwloc takes a host with the folder to have nodes in it
  after=()
  sees_only_the_captured_host plan --vcpus 4
  after=(-- -smp 8 -vcpu '7,affinity=7')
  sees_only_the_captured_host check
}

@test "host sees only the captured host" {
  rm -r "$host/sys/devices/system/node"
  mkdir -p "$host/sys/bus/pci/devices/0000:03:00.0"
  after=()
  sees_only_the_captured_host host
  sees_only_the_captured_host host --near 03:00.0 --json
}

@test "isolate, its status, and restore see only the captured host" {
  ((EUID == 0)) || skip "isolate must be run by root"
  after=()
  sees_only_the_captured_host isolate 2-3 --dry-run
  sees_only_the_captured_host isolate 2-3
  sees_only_the_captured_host isolate --status --for 0.1
  run -0 "$qemu_pin" isolate --status --for 0.1 --fsroot "$host"
  [[ $output == *'CPUs 2-3: isolated by'* ]]
  sees_only_the_captured_host restore --all
  run -1 "$qemu_pin" isolate --status --for 0.1 --fsroot "$host"
}
