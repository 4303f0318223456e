#!/usr/bin/env bats
# What each command says, to the letter: here, and in no test of its parts. After a change that
# is meant: tests/messages/golden --write, and read what git diff shows.

# diff_of COMMAND: what it says against what it is expected to.
diff_of() {
  "$BATS_TEST_DIRNAME/golden" "$1" >"$BATS_TEST_TMPDIR/said"
  diff -u "$BATS_TEST_DIRNAME/expected/$1.txt" "$BATS_TEST_TMPDIR/said"
}

needs_root() { ((EUID == 0)) || skip 'only root may isolate and restore'; }

@test "qemu-pin without a subcommand" {
  diff_of qemu-pin
}

@test "plan" {
  diff_of plan
}

@test "check" {
  diff_of check
}

@test "host" {
  diff_of host
}

@test "show" {
  diff_of show
}

@test "verify" {
  diff_of verify
}

@test "set" {
  diff_of set
}

@test "run" {
  needs_root # for run --isolate
  diff_of run
}

@test "isolate" {
  needs_root
  diff_of isolate
}

@test "restore" {
  needs_root
  diff_of restore
}

@test "vfio-isolate" {
  diff_of vfio-isolate
}

@test "every subcommand has its file, and every file its test" {
  local -a commands
  mapfile -t commands < <("${QEMU_PIN:-$BATS_TEST_DIRNAME/../../build/qemu-pin/qemu-pin}" --help |
    sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
  ((${#commands[@]} >= 9))
  for command in qemu-pin "${commands[@]}"; do
    echo "$command"
    grep -qF "\$ qemu-pin ${command#qemu-pin}" "$BATS_TEST_DIRNAME/expected/$command.txt"
  done
  for file in "$BATS_TEST_DIRNAME"/expected/*.txt; do
    grep -qxF "  diff_of $(basename "$file" .txt)" "$BATS_TEST_FILENAME"
  done
}
