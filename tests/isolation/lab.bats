#!/usr/bin/env bats
# shellcheck disable=SC2154
# Isolation on real kernels of our own, with cgroup v1, v2 and systemd: see tests/lab/lab.

bats_require_minimum_version 1.5.0

setup() {
  load lab
  setup_lab
}

# on_host SCRIPT OPTION...: the same with the tools that the scripts use.
on_host() {
  local script=$1 needed=() tool
  shift
  for tool in stress-ng taskset; do
    needed+=(--program "$(command -v $tool)") || skip "$tool is not installed"
  done
  in_lab "$scripts/$script" "${needed[@]}" "$@"
}

guest_options() {
  local qemu=${QEMU_PINNING_BINARIES%%:*}
  [[ -n $qemu ]] || qemu=$(command -v qemu-system-x86_64) || skip "no QEMU is installed"
  options=(--program "$qemu" --add "$top/build/tests/guest/spin.bin")
}

@test "cgroup v2: isolate and restore" { on_host round_trip.sh --host v2; }

@test "cgroup v1: isolate and restore" { on_host round_trip.sh --host v1; }

@test "systemd: isolate and restore" {
  needs_systemd_root
  on_host round_trip.sh --host systemd
}

@test "cgroup v2: a guest is alone, and whoever is killed, the CPUs are given back" {
  guest_options
  on_host guest.sh --host v2 "${options[@]}"
}

@test "cgroup v1: a guest is alone, and whoever is killed, the CPUs are given back" {
  guest_options
  on_host guest.sh --host v1 "${options[@]}"
}

@test "systemd: a guest is alone, and whoever is killed, the CPUs are given back" {
  needs_systemd_root
  guest_options
  on_host guest.sh --host systemd "${options[@]}"
}

@test "the distribution's QEMU: a guest is alone too" {
  command -v qemu-system-x86_64 >/dev/null || skip "no QEMU is installed"
  on_host guest.sh --host v2 --program "$(command -v qemu-system-x86_64)" --add "$top/build/tests/guest/spin.bin"
}

@test "cgroup v2: killed anywhere, restore brings back all" { on_host kill.sh --host v2 --add "$top/build/tests/isolation/kill_at.so"; }

@test "cgroup v1: killed anywhere, restore brings back all" { on_host kill.sh --host v1 --add "$top/build/tests/isolation/kill_at.so"; }

@test "cgroup v1: somebody moves threads meanwhile" { on_host moved.sh --host v1; }

@test "NUMA: nodes and their memory, with cgroup v1 and v2" {
  on_host numa.sh --shape smt16 --host v2
  on_host numa.sh --shape smt16 --host v1
}
