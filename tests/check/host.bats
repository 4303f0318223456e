#!/usr/bin/env bats
# qemu-pin host as people call it: on this host, a captured one, and a described one.

bats_require_minimum_version 1.5.0

setup() {
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  program=$(realpath -m "${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}")
  load ../isolation/captured
}

# value NAME: of that fact in $output, without what to do.
value() {
  sed -n -E "s/^[a-z]+ +$1 +//p" <<<"$output" | sed 's/ -- .*//'
}

@test "facts of this host are what the kernel's files say" {
  run "$program" host
  ((status <= 1))
  [[ ${lines[0]} == 'this host' ]]
  [[ $(value cpus) == "$(</sys/devices/system/cpu/online) online"* ]]
  local polling=/sys/module/kvm/parameters/halt_poll_ns
  if [[ -r $polling && $(<$polling) != 0 ]]; then
    [[ $(value halt-poll) == "$(($(<$polling) / 1000)) us before"* ]]
  fi
  [[ $(value limits) == "RTPRIO $(ulimit -r), MEMLOCK "* ]]
  local siblings smt=off
  siblings=$(</sys/devices/system/cpu/cpu0/topology/thread_siblings_list)
  [[ $siblings != *[,-]* ]] || smt=on
  [[ $(value smt) == "$smt: "* ]]
}

@test "a host without a problem ends with 0, one with CPUs offline with 1" {
  local host=$BATS_TEST_TMPDIR/host cpu
  make_host "$host"
  rm -r "$host/sys/devices/system/node"
  for cpu in {0..7}; do
    mkdir -p "$host/sys/devices/system/cpu/cpu$cpu/topology"
    echo "$cpu" >"$host/sys/devices/system/cpu/cpu$cpu/topology/core_id"
    echo 0 >"$host/sys/devices/system/cpu/cpu$cpu/topology/physical_package_id"
    printf '%02x\n' $((1 << cpu)) >"$host/sys/devices/system/cpu/cpu$cpu/topology/thread_siblings"
    echo ff >"$host/sys/devices/system/cpu/cpu$cpu/topology/core_siblings"
  done
  run -0 "$program" host --fsroot "$host"
  [[ ${lines[0]} == "$host" ]]
  [[ $output == *'note     governor    schedutil on 0-7 -- '* ]]
  echo 0-9 >"$host/sys/devices/system/cpu/present"
  run -1 "$program" host --fsroot "$host"
  [[ $output == *'problem  cpus        0-7 online; 8-9 offline -- the kernel refuses pins to these: '* ]]
  command -v jq >/dev/null || skip "jq is not installed (Debian's package jq)"
  run -1 "$program" host --fsroot "$host" --json
  jq -e '."qemu-pin-host" == 1 and .fit == false and
    ([.facts[] | select(.mark == "problem") | .name] == ["cpus"])' <<<"$output"
}

@test "a description has a topology and nothing else" {
  run -0 "$program" host --synthetic 'pack:2 [numa] l3:2 core:4 pu:2'
  [[ $(value smt) == 'on: 16 cores with 2 threads' ]]
  [[ $(value nodes) == '2: node 0 with CPUs 0-15; node 1 with CPUs 16-31' ]]
  [[ $output != *governor* && $output != *limits* ]]
  run -2 "$program" host --synthetic 'pu:2' --near 03:00.0
  [[ $output == 'qemu-pin: --near needs this host or --fsroot: a topology has no IOMMU groups' ]]
}
