# A clone in miniature for tests of the build script: the real script, with a
# QEMU of a few lines, an overlay of one file and a proof that prints one line.
# It goes through all stages in seconds, and stops in any that a test names.
# shellcheck shell=bash disable=SC2034,SC2154

bats_require_minimum_version 1.5.0

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# make_clone: sets `clone`; the script there works with a cache of its own.
make_clone() {
  clone=$BATS_TEST_TMPDIR/clone
  export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
  mkdir -p "$clone/scripts/overlay"
  cp -a "$top/build_pinning_qemu_binary.sh" "$clone/"
  cp -a "$top/scripts/build" "$clone/scripts/"
  # What the small QEMU needs, so that these tests need no GTK.
  printf '%s\n' 'command ninja qemu ninja-build - -' 'command meson qemu meson - -' \
    'command dpkg-source fetch dpkg-dev - -' >"$clone/scripts/packages"
  make_overlay
  make_proof
}

# stop_here NAME: shell text that waits as long as there is the file stop-NAME, and
# says so with the file stopped-NAME.
stop_here() {
  printf 'while [ -e %q ]; do touch %q; sleep 0.05; done\n' \
    "$BATS_TEST_TMPDIR/stop-$1" "$BATS_TEST_TMPDIR/stopped-$1"
}

make_overlay() {
  echo 'int pinned = 1;' >"$clone/pinned.c"
  cat >"$clone/scripts/overlay/apply" <<APPLY
#!/bin/bash
set -eu
pinned=$clone/pinned.c
while [[ \$1 == --* ]]; do
  case \$1 in
    --fingerprint) sha256sum <"\$pinned"; exit ;;
    --export-patch) echo patch >"\$2"; shift ;;
  esac
  shift
done
cp -a "\$1" "\$2"
$(stop_here overlay)
cp -a "\$pinned" "\$2/"
touch "\$2/main.c"
APPLY
  chmod +x "$clone/scripts/overlay/apply"
}

make_proof() {
  cat >"$clone/configure" <<'CONFIGURE'
#!/bin/bash
mkdir -p build
cat >build/build.ninja <<'NINJA'
rule proof
  command = mkdir -p tests/functional && printf '#!/bin/sh\necho proof of $$1\n' > $out && chmod +x $out
rule command
  command = mkdir -p qemu-pin && printf '#!/bin/sh\necho qemu-pin\n' > $out && chmod +x $out
build tests/functional/pin-proof: proof
build qemu-pin/qemu-pin: command
NINJA
CONFIGURE
  chmod +x "$clone/configure"
}

# make_qemu FOLDER: a source that looks like QEMU's to the script.
make_qemu() {
  mkdir -p "$1/pc-bios"
  echo 7.2.99 >"$1/VERSION"
  touch "$1/qemu-options.hx" "$1/pc-bios/bios-256k.bin"
  echo 'extern int pinned; int main(void) { return !pinned; }' >"$1/main.c"
  echo 'int other;' >"$1/other.c"
  cat >"$1/meson.build" <<'MESON'
project('qemu', 'c')
slow = custom_target('slow', output: 'slow.h', command: [find_program('slow'), '@OUTPUT@'])
executable('qemu-system-x86_64', 'main.c', 'pinned.c', 'other.c', slow, install: true,
  # As in QEMU: a rule that runs each time.
  link_depends: custom_target('version', output: 'version', build_always_stale: true,
    command: [find_program('version'), '@OUTPUT@']))
executable('own-test', 'other.c', 'main.c', 'pinned.c')
MESON
  {
    echo '#!/bin/sh'
    stop_here build
    # Single quotes: $1 is for the script that is written here.
    # shellcheck disable=SC2016
    echo 'touch "$1"'
  } >"$1/slow"
  # shellcheck disable=SC2016
  printf '%s\n' '#!/bin/sh' 'test -e "$1" || touch "$1"' >"$1/version"
  {
    echo '#!/bin/sh'
    stop_here configure
    # shellcheck disable=SC2016
    echo 'for o; do case $o in --prefix=*) prefix=${o#*=} ;; esac; done'
    # shellcheck disable=SC2016
    echo 'exec meson setup . ../src --prefix="$prefix"'
  } >"$1/configure"
  chmod +x "$1/slow" "$1/version" "$1/configure"
}

# make_archive: sets `archive`, a small QEMU as a tarball, and `archive_sum`.
make_archive() {
  archive=$BATS_TEST_TMPDIR/qemu.tar.gz
  make_qemu "$BATS_TEST_TMPDIR/source/qemu-7.2.99"
  tar -C "$BATS_TEST_TMPDIR/source" -czf "$archive" qemu-7.2.99
  archive_sum=$(sha256sum <"$archive" | cut -d' ' -f1)
}

# need COMMAND...: skips the test where one is missing.
need() {
  local tool
  for tool; do
    command -v "$tool" >/dev/null || skip "needs $tool"
  done
}

build() { "$clone/build_pinning_qemu_binary.sh" --no-deps "$@"; }

# start COMMAND...: in the background, with a process group of its own; sets
# `started`. A shell's background commands ignore SIGINT, what a user starts does not.
start() {
  env --default-signal=INT setsid "$@" >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
  started=$!
}

# wait_for FILE: until it is there, or the started command has ended.
wait_for() {
  until [[ -e $1 ]]; do
    kill -0 "$started" || { cat "$BATS_TEST_TMPDIR/output"; return 1; }
    sleep 0.05
  done
}

# members SESSION: the processes of a session that live. Ninja gives each compiler
# a process group of its own, but not a session.
members() { ps -e -o sess=,stat=,pid= | awk -v session="$1" '$1 == session && $2 !~ /^Z/ { print $3 }'; }

# No temporary thing is left, in the clone or in the cache.
assert_no_leftovers() {
  run find "$clone" "$XDG_CACHE_HOME" -name '.tmp.*'
  [[ -z $output ]] || { echo "left over: $output"; return 1; }
}

assert_output_has() { [[ $output == *"$1"* ]] || { echo "no '$1' in: $output"; return 1; }; }
assert_output_lacks() { [[ $output != *"$1"* ]] || { echo "'$1' in: $output"; return 1; }; }
assert_status() { [[ $status == "$1" ]] || { echo "status $status, not $1: $output"; return 1; }; }

teardown() {
  # Whatever a failed test left running.
  if [[ -n ${started:-} ]]; then
    mapfile -t left < <(members "$started")
    ((${#left[@]} == 0)) || kill -KILL "${left[@]}" 2>/dev/null || true
  fi
}
