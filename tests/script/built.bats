#!/usr/bin/env bats
# shellcheck disable=SC2154
# The QEMU that build_pinning_qemu_binary.sh has built in this clone.

load helper

setup() {
  [[ ${QEMU_PINNING_TEST_BUILD:-0} == 1 ]] || skip 'QEMU has not been built (QEMU_PINNING_TEST_BUILD is not 1)'
  script=$top/build_pinning_qemu_binary.sh
  # Links of the test's own, to the one build.
  links=$BATS_FILE_TMPDIR/bin
}

# The first test, because it makes the links that the others use.
@test "a second run builds nothing, and ends with the proof and the programs" {
  run -0 "$script" --no-deps --bin "$links"
  assert_output_has 'nothing to do'
  assert_output_lacks 'Compiling'
  [[ ${lines[-1]} == "  $links/"* ]]
  [[ -x $links/qemu-system-x86_64 && -x $links/qemu-img ]]
}

@test "the installed QEMU finds its firmware from any folder" {
  cd /
  # Without firmware QEMU exits at once; with it, it takes the monitor's command.
  run -0 timeout 600 "$links/qemu-system-x86_64" -accel tcg -display none -monitor stdio -nodefaults -vga std \
    -netdev user,id=n -device virtio-net-pci,netdev=n <<<quit
  assert_output_lacks 'could not load'
  assert_output_lacks 'failed to find romfile'
}

@test "the promised features are in it" {
  qemu=$links/qemu-system-x86_64
  run -0 "$qemu" -display help
  assert_output_has gtk
  run -0 "$qemu" -audiodev help
  assert_output_has pa
  run -0 "$qemu" -device help
  assert_output_has usb-host
  run -0 "$qemu" -netdev help
  assert_output_has user
  run -0 "$qemu" --help
  assert_output_has '-sandbox'
  assert_output_has '-vcpu'
}

@test "the exported patch fits the pristine source" {
  patch=$BATS_TEST_TMPDIR/pinning.patch
  run -0 "$script" --no-deps --bin "$links" --export-patch "$patch"
  pristine=$("$script" --no-deps --fetch-only | tail -n 1)
  grep -q '^+++ .*vcpu-pinning.c' "$patch"
  patch_output=$(patch -d "$pristine" -p1 --dry-run <"$patch") || { echo "$patch_output"; return 1; }
  [[ $patch_output != *fuzz* ]]
}
