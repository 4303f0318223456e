#!/usr/bin/env bats
# shellcheck disable=SC2154
# All stages with a small QEMU: what a second run does, and that a run which was
# cut short at any of them is completed by the next.

load helper

setup() {
  need gcc ninja meson
  make_clone
  make_archive
}

work() { printf '%s\n' "$clone/build-qemu/7.2.99"; }

# compiled: what the last run compiled.
compiled() { grep -oE 'Compiling C object [^ ]+' "$(work)/build.log"; }

@test "a run goes through all stages and ends with the programs" {
  run -0 build --source "$archive"
  for stage in 1 2 3 4 5 6 7 8; do
    assert_output_has "[$stage/8] "
  done
  assert_output_has "proof of $clone/bin/qemu-system-x86_64"
  [[ ${lines[-2]} == "  $clone/bin/qemu-system-x86_64" ]]
  [[ ${lines[-1]} == "  $clone/bin/qemu-pin" ]]
  (cd / && "$clone/bin/qemu-system-x86_64")
  [[ $(cd / && "$clone/bin/qemu-pin") == qemu-pin ]]
  # QEMU's own tests are not built.
  [[ ! -e $(work)/obj/own-test ]]
  assert_no_leftovers
}

@test "--configure-only prints the build folder of QEMU last, and compiles nothing" {
  run -0 build --configure-only --source "$archive"
  [[ ${lines[-1]} == "$(work)/obj" ]]
  [[ -f $(work)/obj/build.ninja && ! -e $(work)/build.log && ! -e $clone/bin ]]
  assert_no_leftovers
}

@test "a second run has nothing to do" {
  build --source "$archive"
  installed=$(stat -c '%i %Y' "$(work)/install/bin/qemu-system-x86_64")
  run -0 build --source "$archive"
  assert_output_has 'nothing to do'
  run compiled
  [[ -z $output ]]
  [[ $(stat -c '%i %Y' "$(work)/install/bin/qemu-system-x86_64") == "$installed" ]]
}

@test "when one file of the overlay changes, that is compiled and no other" {
  build --source "$archive"
  echo 'int pinned = 2;' >"$clone/pinned.c"
  # As from a checkout or an archive: its time may be older than the objects.
  touch -d '2020-01-01' "$clone/pinned.c"
  run -0 build --source "$archive"
  run -0 compiled
  [[ $output == *pinned.c.o && ${#lines[@]} == 1 ]] || { echo "$output"; return 1; }
}

@test "when the source changes, all is made anew" {
  folder=$BATS_TEST_TMPDIR/source/qemu-7.2.99
  build --source "$folder"
  echo 'int more;' >>"$folder/other.c"
  run -0 build --source "$folder"
  cmp "$folder/other.c" "$(work)/src/other.c"
  run -0 compiled
  [[ ${#lines[@]} == 3 ]] || { echo "$output"; return 1; }
}

@test "another option of configure means another configuration" {
  build --source "$archive"
  run -0 build --source "$archive" -- --enable-something
  run -0 grep -c -- '--enable-something' "$(work)/configure.log"
}

@test "--export-patch writes the patch though nothing else has changed" {
  build --source "$archive"
  cd "$BATS_TEST_TMPDIR"
  run -0 build --source "$archive" --export-patch pinning.patch
  assert_output_has 'nothing to do'
  [[ -s pinning.patch ]]
  assert_no_leftovers
}

@test "--bin puts the links elsewhere, and takes away those of earlier builds" {
  mkdir "$BATS_TEST_TMPDIR/links"
  ln -s "$(work)/install/bin/qemu-gone" "$BATS_TEST_TMPDIR/links/qemu-gone"
  ln -s /bin/true "$BATS_TEST_TMPDIR/links/own"
  build --source "$archive" --bin "$BATS_TEST_TMPDIR/links"
  "$BATS_TEST_TMPDIR/links/qemu-system-x86_64"
  "$BATS_TEST_TMPDIR/links/qemu-pin"
  [[ ! -L $BATS_TEST_TMPDIR/links/qemu-gone && -L $BATS_TEST_TMPDIR/links/own && ! -e $clone/bin ]]
}

@test "a compiler error ends with the last lines of the log and its path" {
  folder=$BATS_TEST_TMPDIR/source/qemu-7.2.99
  echo 'this is no C' >"$folder/other.c"
  run build --source "$folder"
  assert_status 1
  assert_output_has 'the last 30 lines of the log'
  assert_output_has 'error:'
  assert_output_has "the whole log: $(work)/build.log"
}

@test "a proof that fails is a failure" {
  sed -i 's/echo proof/exit 1; echo proof/' "$clone/configure"
  run build --source "$archive"
  assert_status 1
  assert_output_has 'the proof failed'
}

# cut_short STAGE SIGNAL TARGET: SIGNAL to TARGET (script or group) while the run
# is in STAGE; nothing of it lives on, and the next run completes.
cut_short() {
  local target
  touch "$BATS_TEST_TMPDIR/stop-$1"
  start "$clone/build_pinning_qemu_binary.sh" --no-deps --source "$archive"
  wait_for "$BATS_TEST_TMPDIR/stopped-$1"
  target=$started
  [[ $3 == script ]] || target=-$started
  # Bash would report the violent end of a job of its own.
  disown "$started"
  kill "-$2" -- "$target"
  while [[ -d /proc/$started ]]; do sleep 0.05; done
  # What is killed cannot end its compilers; what is told to end must.
  [[ $2 == KILL || -z $(members "$started") ]]
  [[ ! -e $clone/bin/qemu-system-x86_64 ]]
  rm "$BATS_TEST_TMPDIR/stop-$1"
  run -0 build --source "$archive"
  "$clone/bin/qemu-system-x86_64"
  assert_no_leftovers
}

# unpack_slowly: tar stops half-way through the source.
unpack_slowly() {
  mkdir "$BATS_TEST_TMPDIR/fake"
  {
    echo '#!/bin/sh'
    # shellcheck disable=SC2016
    echo '/usr/bin/tar "$@" --exclude=configure || exit'
    stop_here unpack
    # shellcheck disable=SC2016
    echo 'exec /usr/bin/tar "$@"'
  } >"$BATS_TEST_TMPDIR/fake/tar"
  chmod +x "$BATS_TEST_TMPDIR/fake/tar"
  PATH=$BATS_TEST_TMPDIR/fake:$PATH
}

@test "cut short while unpacking" {
  unpack_slowly
  cut_short unpack KILL group
}
@test "ended by a signal while unpacking" {
  unpack_slowly
  cut_short unpack TERM script
}
@test "cut short while the overlay is applied" { cut_short overlay KILL group; }
@test "ended by a signal while the overlay is applied" { cut_short overlay TERM script; }
@test "cut short while configuring" { cut_short configure KILL group; }
@test "ended by a signal while configuring" { cut_short configure INT script; }
@test "cut short while compiling" { cut_short build KILL group; }
@test "ended by a signal while compiling" { cut_short build TERM script; }
@test "interrupted as by Ctrl-C while compiling" { cut_short build INT group; }

@test "a run that was ended by a signal leaves nothing half-made" {
  touch "$BATS_TEST_TMPDIR/stop-overlay"
  start "$clone/build_pinning_qemu_binary.sh" --no-deps --source "$archive"
  wait_for "$BATS_TEST_TMPDIR/stopped-overlay"
  kill -TERM "$started"
  status=0
  wait "$started" || status=$?
  assert_status 143
  grep -q 'run it again to go on' "$BATS_TEST_TMPDIR/output"
  [[ -d $(work)/pristine && ! -e $(work)/src ]]
  assert_no_leftovers
}

@test "of two runs at once the second is refused" {
  touch "$BATS_TEST_TMPDIR/stop-build"
  start "$clone/build_pinning_qemu_binary.sh" --no-deps --source "$archive"
  wait_for "$BATS_TEST_TMPDIR/stopped-build"
  run build --source "$archive"
  assert_status 1
  assert_output_has "another run (process $started) is at work in $(work)"
  # Its source may be read all the same.
  run -0 build --source "$archive" --fetch-only
  # The first is none the worse for it.
  rm "$BATS_TEST_TMPDIR/stop-build"
  wait "$started"
  "$clone/bin/qemu-system-x86_64"
}
