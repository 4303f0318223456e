#!/usr/bin/env bats
# qemu-pin check as people call it.

bats_require_minimum_version 1.5.0

setup() {
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  program=$(realpath -m "${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}")
  host='pack:1 l3:2 core:4 pu:2(indexes=2*8:8*1)'
  cd "$BATS_TEST_TMPDIR" || return
}

check() { "$program" check --synthetic "$host" "$@"; }
plan() { "$program" plan --quiet --synthetic "$host" "$@"; }

@test "a plan of qemu-pin's has no findings, in any of its forms" {
  # shellcheck disable=SC2046
  run -0 check -- qemu-system-x86_64 -display none $(plan --vcpus 8 --reserve-cores 1)
  [[ ${lines[0]} == 'host: '*': 8 cores, 16 CPUs'* ]]
  [[ ${lines[1]} == 'nothing is wrong with these pins on this host' ]]
  ((${#lines[@]} == 2))
  plan --vcpus 8 --reserve-cores 1 --json >plan.json
  run -0 check --plan plan.json
  run -0 check --plan - <plan.json
  { echo "<domain type='kvm'>" && plan --vcpus 8 --reserve-cores 1 --format libvirt && echo '</domain>'; } >domain.xml
  run -0 check --libvirt domain.xml
}

@test "what a plan's options ask for is no finding" {
  plan --vcpus 4 --split-cores --one-per-core --reserve 4,8-11 --json >plan.json
  run -0 check --plan plan.json
  plan --vcpus 4 --l3 spread >arguments
  # shellcheck disable=SC2046
  run -0 check -- $(cat arguments)
  [[ $output == *'note: the guest is spread evenly over L3s 0-1'* ]]
}

@test "findings are printed with the mend as one block, and end with status 1" {
  run -1 check -- -smp 2,threads=2 -vcpu 0,affinity=1 -vcpu 1,affinity=2 -emulatorpin affinity=0,affinity=8
  [[ ${lines[1]} == 'siblings-apart: vCPUs 0-1 are siblings (hyperthreads) to the guest, but host CPUs 1-2 are not' ]]
  [[ ${lines[2]} == 'mend: 1 of 2 vCPU pins change' ]]
  [[ ${lines[3]} == '    -vcpu vcpunum=1,affinity=9' ]]
  ((${#lines[@]} == 4))
}

@test "a mend that plans all vCPUs anew says so in its first line" {
  run -1 check -- -smp 4,threads=2
  [[ $output == *$'\nmend: the vCPUs are planned, as none is pinned\n    -vcpu '* ]]
}

@test "no mend leaves the cpuset that the guest is started in" {
  run -1 check -- systemd-run --scope -p AllowedCPUs=4-6,12-14 kvm -smp 4,threads=2
  [[ $output == *'CPUs 0-3,7-11,15 are not allowed'* ]]
  [[ ${lines[-1]} == '    -emulatorpin affinity=4,affinity=12' || ${lines[-1]} == '    -emulatorpin affinity=6,affinity=14' ]]
  run -1 check -- systemd-run --scope -p AllowedCPUs=4-6,12-14 kvm -smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=4
  [[ $output == *'CPU 1 is not allowed'* ]]
}

@test "--json says the same for programs" {
  command -v jq >/dev/null || skip "jq is not installed (Debian's package jq)"
  run -1 check --json -- -smp 2,threads=2 -vcpu 0,affinity=1 -vcpu 1,affinity=2 -emulatorpin affinity=0,affinity=8
  jq -e '."qemu-pin-check" == 1 and [.findings[].kind] == ["siblings-apart"] and
    .findings[0].corrected == ["-vcpu vcpunum=1,affinity=9"] and .notes == [] and
    .mend == {"options": ["-vcpu vcpunum=1,affinity=9"], "vcpus": "moved"}' <<<"$output"
  run -0 check --json -- -smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=0
  jq -e '.findings == []' <<<"$output"
}

@test "trouble ends with status 2 and one line that names the piece" {
  expect() {
    local text=$1
    shift
    run -2 "$@"
    [[ $output == "$text" ]] || { echo "$output" && return 1; }
  }
  expect 'qemu-pin: what to check is missing: -- ARGS..., --libvirt, --proxmox or --plan (try --help)' check
  expect 'qemu-pin: nowhere: No such file or directory' check --plan nowhere
  echo '{' >plan.json
  expect 'qemu-pin: plan.json: this is not JSON (byte 3)' check --plan plan.json
  echo '<network/>' >domain.xml
  expect "qemu-pin: domain.xml: this is XML, <network>, not a <domain> of libvirt's" check --libvirt domain.xml
  expect "qemu-pin: plan.json: this is JSON, not a guest's configuration of Proxmox VE's" check --proxmox plan.json
  printf '#!/bin/sh\nkvm -smp 2\n' >vm.sh
  expect "qemu-pin: vm.sh: this is a script: check it with -- \"\$(cat vm.sh)\"" check --libvirt vm.sh
  printf 'cores: 2\n' >100.conf
  expect "qemu-pin: 100.conf: this is a guest's configuration of Proxmox VE's: give it with --proxmox" \
    check --libvirt 100.conf
  expect 'qemu-pin: --libvirt excludes --plan (try --help)' check --libvirt domain.xml --plan plan.json
}

@test "an empty description of a host is not this host" {
  for option in --synthetic --topology --fsroot; do
    run -2 "$program" check "$option" '' -- -smp 1
    [[ $output == "qemu-pin: $option: it is empty (try --help)" ]] || { echo "$output" && return 1; }
  done
}

@test "a guest is found where people write it" {
  # shellcheck disable=SC2016
  printf '#!/bin/bash\n# my guest\nN=2\nargs=(-smp "$N")\ntaskset -c 2 kvm "${args[@]}" \\\n  -vcpu 0,affinity=1 >log\n' >vm.sh
  printf 'cores: 2\nsockets: 1\nargs: -vcpu 0,affinity=1\n' >100.conf
  printf '[smp-opts]\n  cpus = "2"\n[vcpu]\n  vcpunum = "0"\n  affinity = "1"\n' >guest.cfg
  echo "<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='1'/></cputune>" >part.xml
  expect() {
    run -1 "$@"
    [[ $output == *'vCPU 1 is not pinned'* ]] || { echo "$*: $output" && return 1; }
  }
  expect check -- -smp 2 -vcpu 0,affinity=1
  expect check -smp 2 -vcpu 0,affinity=1
  expect check --json kvm -smp 2 -vcpu 0,affinity=1
  expect check 'sudo nice -n -5 qemu-system-x86_64 -smp 2 -vcpu 0,affinity=1'
  expect check -- bash -c 'exec kvm -smp 2 -vcpu 0,affinity=1'
  expect check -- "$(cat vm.sh)"
  expect check -- kvm -readconfig guest.cfg
  expect check --proxmox 100.conf
  expect check --libvirt part.xml
  expect check --libvirt - <part.xml
}

@test "nothing follows from what cannot be read" {
  run -1 check -- -smp two -vcpu 0,affinity=1 -vcpu 7,affinity=2
  [[ $output == *"unreadable: -smp two: cpus: 'two' is not a number of at least 1"* ]]
  [[ $output != *unpinned* && $output != *no-such* ]]
  run -1 check -- -smp 2 -vcpu 0,affinity=1 -vcpu 1,affinity=x -emulatorpin affinity=0,affinity=8
  [[ $output == *unreadable* && $output != *unpinned* ]]
  run -1 check -- numactl --cpunodebind=7 kvm -smp 1 -vcpu 0,affinity=1 -emulatorpin affinity=0
  [[ $output == *'numactl --cpunodebind: the host has no CPUs that may be used on node 7'* ]]
}

@test "a full disk is not success" {
  [[ -w /dev/full ]] || skip 'there is no /dev/full'
  # shellcheck disable=SC2016
  run -2 bash -c '"$1" plan --quiet --all >/dev/full' - "$program"
  [[ $output == 'qemu-pin: standard output could not be written' ]]
}

@test "help fits 80 columns" {
  for words in '' plan check host show verify set run isolate restore vfio-isolate; do
    # shellcheck disable=SC2086
    run -0 "$program" $words --help
    for line in "${lines[@]}"; do
      ((${#line} <= 80)) || { echo "$line" && return 1; }
    done
  done
}

@test "the man page and the completion have every option that the help has" {
  command -v man >/dev/null || skip 'man is not installed'
  local option page
  page=$(man --warnings -E UTF-8 -l "$top/docs/qemu-pin.1" "$top/docs/qemu-pin-isolate.8" 2>warnings | col -b)
  [[ ! -s warnings ]] || { cat warnings && return 1; }
  for option in $(for subcommand in plan check host show verify set run isolate restore; do "$program" "$subcommand" --help; done | grep -oE '^ +(-.,)?--[a-z0-9-]+' | grep -oE -- '--.*'); do
    grep -qF -- "$option" <<<"$page" || { echo "the man page lacks $option" && return 1; }
    grep -qF -- "$option" "$top/docs/qemu-pin.bash-completion" || { echo "the completion lacks $option" && return 1; }
  done
}
