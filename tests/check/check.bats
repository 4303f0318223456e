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
  [[ $output == 'nothing is wrong with these pins on this host' ]]
  plan --vcpus 8 --reserve-cores 1 --json >plan.json
  run -0 check --plan plan.json
  run -0 check --plan - <plan.json
  { echo "<domain type='kvm'>" && plan --vcpus 8 --reserve-cores 1 --format libvirt && echo '</domain>'; } >domain.xml
  run -0 check --libvirt domain.xml
}

@test "findings are printed with the corrected options, and end with status 1" {
  run -1 check -- -smp 2,threads=2 -vcpu 0,affinity=1 -vcpu 1,affinity=2 -emulatorpin affinity=0,affinity=8
  [[ ${lines[0]} == 'siblings-apart: vCPUs 0-1 are siblings to the guest, but host CPUs 1-2 are not' ]]
  [[ ${lines[1]} == '    -vcpu vcpunum=1,affinity=9' ]]
  ((${#lines[@]} == 2))
}

@test "--json says the same for programs" {
  command -v jq >/dev/null || skip "jq is not installed (Debian's package jq)"
  run -1 check --json -- -smp 2,threads=2 -vcpu 0,affinity=1 -vcpu 1,affinity=2 -emulatorpin affinity=0,affinity=8
  jq -e '."qemu-pin-check" == 1 and [.findings[].kind] == ["siblings-apart"] and
    .findings[0].corrected == ["-vcpu vcpunum=1,affinity=9"]' <<<"$output"
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
  expect 'qemu-pin: what to check is missing: -- ARGS..., --libvirt or --plan (try --help)' check
  expect 'qemu-pin: nowhere: No such file or directory' check --plan nowhere
  echo '{' >plan.json
  expect 'qemu-pin: plan.json: this is not JSON (byte 3)' check --plan plan.json
  echo '<network/>' >domain.xml
  expect "qemu-pin: domain.xml: this is no <domain> of libvirt's" check --libvirt domain.xml
  expect 'qemu-pin: --libvirt excludes --plan (try --help)' check --libvirt domain.xml --plan plan.json
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
