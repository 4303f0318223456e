# Tests on hosts of our own: see tests/lab/lab.
# shellcheck disable=SC2154

setup_lab() {
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  scripts=$BATS_TEST_DIRNAME/lab
  qemu_pin=${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}
  [[ -x $qemu_pin ]] || skip "$qemu_pin has not been built"
  export TMPDIR=$BATS_TEST_TMPDIR
}

needs_systemd_root() {
  ((EUID == 0)) || skip "the lab's systemd host must be made by root"
}

# small FILE: a copy without debug information, which is what most of it is, and no help there.
small() {
  local copy=$BATS_FILE_TMPDIR/${1##*/}
  [[ -e $copy ]] || strip -o "$copy" "$1"
  echo "$copy"
}

# in_lab SCRIPT OPTION...: all its checks hold.
in_lab() {
  local script=$1 out=$BATS_TEST_TMPDIR/out
  shift
  run "$top/tests/lab/lab" --timeout 3000 --add "$scripts/common.sh" --program "$(small "$qemu_pin")" "$@" \
    "$script" "$out"
  cat "$out/stdout" "$out/stderr" || true
  [[ $status != 125 ]] || echo "$output"
  [ "$status" -eq 0 ]
}
