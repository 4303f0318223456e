#!/usr/bin/env bats
# shellcheck disable=SC2154
# qemu-pin vfio-isolate: its command line, and on hosts of our own the examples of
# vfio-isolate's documentation.

bats_require_minimum_version 1.5.0

setup() {
  load lab
  setup_lab
}

# in_vfio_lab SCRIPT OPTION...: the same with what these scripts share.
in_vfio_lab() {
  local script=$scripts/$1
  shift
  in_lab "$script" --add "$scripts/vfio_common.sh" --add "$scripts/vfio_hook.sh" "$@"
}

@test "--help goes to standard output, wherever it is" {
  for arguments in --help 'drop-caches --help' 'cpuset-create --cpus C0 --help'; do
    # shellcheck disable=SC2086
    run --separate-stderr -0 "$qemu_pin" vfio-isolate $arguments
    [[ $output == 'Usage: qemu-pin vfio-isolate '* ]]
    [ -z "$stderr" ]
  done
}

@test "only root changes the host" {
  ((EUID != 0)) || command -v setpriv >/dev/null || skip "setpriv is not installed"
  local other=()
  ((EUID != 0)) || other=(setpriv --reuid 65534 --clear-groups --)
  cp "$qemu_pin" "$BATS_TEST_TMPDIR/qemu-pin"
  chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/qemu-pin"
  "${other[@]}" "$BATS_TEST_TMPDIR/qemu-pin" vfio-isolate --help >/dev/null || skip "another user cannot run it there"
  run --separate-stderr -2 "${other[@]}" "$BATS_TEST_TMPDIR/qemu-pin" vfio-isolate drop-caches
  [[ $stderr == *'must be run by root'* ]]
}

@test "cgroup v2: the examples of its documentation, and restore brings back all" {
  LAB_QEMU=$scripts/with-32-cpus in_vfio_lab vfio_isolate.sh --host v2
}

@test "cgroup v1: the examples of its documentation, and restore brings back all" {
  in_vfio_lab vfio_isolate.sh --host v1 --shape smt16
}

@test "systemd: the examples of its documentation, and restore brings back all" {
  needs_systemd_root
  LAB_QEMU=$scripts/with-32-cpus in_vfio_lab vfio_isolate.sh --host systemd
}

@test "cgroup v2: killed anywhere, restore brings back all" {
  in_vfio_lab vfio_killed.sh --host v2 --add "$top/build/tests/isolation/kill_at.so"
}

@test "cgroup v1: killed anywhere, restore brings back all" {
  in_vfio_lab vfio_killed.sh --host v1 --add "$top/build/tests/isolation/kill_at.so"
}

@test "systemd: properties of units are set, read back, and leave no trace" {
  needs_systemd_root
  local tests=$top/build/tests/isolation/isolation_tests
  [[ -x $tests ]] || skip "$tests has not been built"
  printf '#!/bin/sh\nQEMU_PIN_LAB=1 exec isolation_tests --gtest_filter="UnitBus.*"\n' >"$BATS_TEST_TMPDIR/script"
  in_lab "$BATS_TEST_TMPDIR/script" --host systemd --program "$(small "$tests")"
  [[ $(<"$BATS_TEST_TMPDIR/out/stdout") != *SKIPPED* ]]
}
