#!/usr/bin/env bats
# Variables are shared with helpers.bash, and each test is a subshell.
# shellcheck disable=SC2034,SC2154,SC2030,SC2031
# A source that the overlay does not fit is refused: the hook and the file are
# named, and nothing is left behind.

load helpers

setup() { options=(); }

# The lines that hooks hold on to in $1, a file of QEMU's.
anchors_in() {
  case $1 in
    */vl.c)
      printf '%s\n' 'qemu_add_opts(&qemu_smp_opts);' 'case QEMU_OPTION_smp:' \
        'object_option_foreach_add(object_create_pre_sandbox);'
      ;;
    */cpus.c) echo 'cpus_accel->create_vcpu_thread(cpu);' ;;
    util/qemu-thread-posix.c) echo '#include "qemu/thread.h"' ;;
    */cpus.h) echo '#define QEMU_CPUS_H' ;;
    hw/core/machine.c) echo 'machine_class->init(machine);' ;;
    net/slirp.c) printf '%s\n' '#include "net/slirp.h"' 'passwd = getpwuid(geteuid());' ;;
    qemu-options.hx) echo 'DEF("numa", HAS_ARG, QEMU_OPTION_numa,' ;;
    */meson.build | hmp-commands-info.hx) ;; # the end of the file, which is always there
    *) return 1 ;;
  esac
}

# damage REMOVE|DUPLICATE FILE ANCHOR
damage() {
  awk -v what="$1" -v anchor="$3" '
    index($0, anchor) { n++; if (what == "REMOVE") next; print }
    { print }
    END { exit n != 1 }' "$src/$2" >"$BATS_TEST_TMPDIR/damaged"
  mv "$BATS_TEST_TMPDIR/damaged" "$src/$2"
}

# each_anchor VERSION REMOVE|DUPLICATE FOUND
each_anchor() {
  local file anchor damaged=0
  cut_source "$1"
  while read -r file; do
    while read -r anchor; do
      cp -p "$src/$file" "$BATS_FILE_TMPDIR/kept"
      damage "$2" "$file" "$anchor"
      refused ": $file: "
      [[ $output == *": expected 1, found $3" ]]
      cp -p "$BATS_FILE_TMPDIR/kept" "$src/$file"
      damaged=$((damaged + 1))
    done < <(anchors_in "$file")
  done < <(hooked_files "$1")
  ((damaged == 10))
}

@test "7.2: each anchor removed in turn" { each_anchor 7.2 REMOVE 0; }
@test "7.2: each anchor duplicated in turn" { each_anchor 7.2 DUPLICATE 2; }
@test "10.0: each anchor removed in turn" { each_anchor 10.0 REMOVE 0; }
@test "10.0: each anchor duplicated in turn" { each_anchor 10.0 DUPLICATE 2; }
@test "10.2: each anchor removed in turn" { each_anchor 10.2 REMOVE 0; }
@test "10.2: each anchor duplicated in turn" { each_anchor 10.2 DUPLICATE 2; }

@test "with --samba-symlinks, the end of the configuration removed" {
  cut_source 7.2
  options=(--samba-symlinks)
  damage REMOVE net/slirp.c 'fclose(f);'
  refused 'net/slirp.c.samba-symlinks.cocci: net/slirp.c: smb_share_follow_symlinks(f);: expected 1, found 0'
}

a_folder_renamed() {
  cut_source "$1"
  mv "$src/$2" "$src/$2-elsewhere"
  refused "$3: $4: expected this file, found none"
}

@test "7.2: a folder renamed" { a_folder_renamed 7.2 softmmu softmmu/cpus.c.cocci softmmu/cpus.c; }
@test "10.0: a folder renamed" { a_folder_renamed 10.0 system softmmu/cpus.c.cocci system/cpus.c; }
@test "10.2: a folder renamed" { a_folder_renamed 10.2 util util/meson.build.fragment util/meson.build; }

@test "a folder of another version's name" {
  cut_source 10.2
  echo 7.2.0 >"$src/VERSION"
  refused 'expected this file, found none'
}

@test "each of our own files there already, under the name it would get" {
  cut_source 10.0
  for file in include/net/smb-share.h include/system/vcpu-pinning.h net/smb-share.c system/vcpu-pinning.c \
    subprojects/libvcpupin/include/vcpupin.h; do
    mkdir -p "$(dirname "$src/$file")"
    touch "$src/$file"
    refused "$file: expected no such file in QEMU's source, found one"
    rm "$src/$file"
  done
}

@test "applied twice" {
  cut_source 7.2
  "$apply" "$src" "$dest"
  rm -r "$src"
  mv "$dest" "$src"
  refused 'is the overlay on it already?'
}

@test "no QEMU source at all" {
  mkdir "$BATS_TEST_TMPDIR/src"
  src=$BATS_TEST_TMPDIR/src dest=$BATS_TEST_TMPDIR/dest
  refused 'not a QEMU source tree'
}

@test "interrupted, it leaves nothing behind" {
  cut_source 7.2
  before=$(checksum "$src")
  # A Coccinelle that is there until the signal has been sent.
  stage=$BATS_FILE_TMPDIR/stage
  mkdir "$stage"
  printf '#!/bin/sh\ntouch %q\nuntil [ -e %q ]; do sleep 0.05; done\n' "$stage/called" "$stage/sent" >"$stage/spatch"
  chmod +x "$stage/spatch"
  PATH=$stage:$PATH "$apply" "$src" "$dest" 3>&- &
  pid=$!
  until [[ -e $stage/called ]]; do
    kill -0 "$pid"
    sleep 0.05
  done
  kill -TERM "$pid"
  touch "$stage/sent"
  status=0
  wait "$pid" || status=$?
  [[ $status == 143 ]]
  nothing_left
}

@test "usage errors name what is wrong and exit with 2" {
  run "$apply" --nonsense
  [[ $status == 2 && $output == *'--nonsense'*'--help'* ]]
  run "$apply" --export-patch
  [[ $status == 2 && $output == *'--export-patch: FILE is missing'* ]]
  run "$apply" /nonexistent "$BATS_TEST_TMPDIR/dest"
  [[ $status == 2 && $output == *'/nonexistent: no such folder'* ]]
  mkdir "$BATS_TEST_TMPDIR/there"
  cut_source 7.2
  run "$apply" "$src" "$BATS_TEST_TMPDIR/there"
  [[ $status == 2 && $output == *'exists already'* ]]
}
