#!/usr/bin/env bats
# shellcheck disable=SC2154
# What the build script says when the host lacks something.

load helper

setup() {
  make_clone
  cp "$top/scripts/packages" "$clone/scripts/"
  make_archive
}

# hide COMMAND: a PATH that has all but COMMAND.
hide() {
  local folder
  mkdir "$BATS_TEST_TMPDIR/path"
  for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
    find "$folder" -maxdepth 1 ! -type d ! -name "$1" -exec ln -sf -t "$BATS_TEST_TMPDIR/path" {} +
  done
  # shellcheck disable=SC2123
  PATH=$BATS_TEST_TMPDIR/path
}

@test "--no-deps names a missing tool and its package, and exits 2" {
  hide spatch
  run build --source "$archive"
  assert_status 2
  assert_output_has '--no-deps forbids to install it'
  assert_output_has spatch
  assert_output_has coccinelle
}

@test "a missing library is named with its package" {
  echo 'pkg no-such-library qemu libnosuch-dev - -' >>"$clone/scripts/packages"
  run build --source "$archive"
  assert_status 2
  assert_output_has no-such-library
  assert_output_has libnosuch-dev
}

@test "of several places of a file one is enough; without any, all are named with the package" {
  echo "file $BATS_TEST_TMPDIR/old|$BATS_TEST_TMPDIR/new qemu firmware-package - -" >"$clone/scripts/packages"
  touch "$BATS_TEST_TMPDIR/new"
  run build --no-deps --configure-only --source "$archive"
  assert_status 0
  rm "$BATS_TEST_TMPDIR/new"
  run build --no-deps --configure-only --source "$archive"
  assert_status 2
  assert_output_has "$BATS_TEST_TMPDIR/old|$BATS_TEST_TMPDIR/new"
  assert_output_has firmware-package
}

@test "who is neither root nor has sudo gets the list of packages" {
  ((EUID == 0)) || skip 'needs root, to become a user without rights'
  hide sudo
  echo 'command no-such-command qemu nosuch-package - -' >"$clone/scripts/packages"
  # Bats closes its folders to others.
  open=$(mktemp -d)
  cp -a "$clone" "$archive" "$PATH" "$open/"
  chown -R 65534:65534 "$open"
  # shellcheck disable=SC2123
  XDG_CACHE_HOME=$open/cache PATH=$open/path run setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$open/clone/build_pinning_qemu_binary.sh" --source "$open/${archive##*/}"
  rm -rf "$open"
  assert_status 2
  assert_output_has 'neither root nor is there sudo'
  assert_output_has nosuch-package
}

@test "a host that is not Linux is refused" {
  mkdir "$BATS_TEST_TMPDIR/fake"
  printf '#!/bin/sh\necho Darwin\n' >"$BATS_TEST_TMPDIR/fake/uname"
  chmod +x "$BATS_TEST_TMPDIR/fake/uname"
  PATH=$BATS_TEST_TMPDIR/fake:$PATH run build
  assert_status 1
  assert_output_has 'the host is Darwin'
}

@test "an unknown distribution is told of --no-deps --source" {
  unshare -m true 2>/dev/null || skip 'needs the right to mount'
  printf 'ID=other\nPRETTY_NAME="Other 1"\n' >"$BATS_TEST_TMPDIR/os-release"
  # shellcheck disable=SC2016
  run unshare -m sh -c 'mount --bind "$1" /etc/os-release && shift && exec "$@"' sh \
    "$BATS_TEST_TMPDIR/os-release" "$clone/build_pinning_qemu_binary.sh" --no-deps
  assert_status 1
  assert_output_has 'Other 1'
  assert_output_has 'use --no-deps --source'
}
