#!/usr/bin/env bats
# shellcheck disable=SC2154
# Debian's source package: offline, damaged, not offered. One copy of it is
# fetched for the file, by way of the user's cache, where it mostly is already.

load helper

setup_file() {
  command -v apt-get >/dev/null || return 0
  "$BATS_TEST_DIRNAME/../../build_pinning_qemu_binary.sh" --no-deps --fetch-only >"$BATS_FILE_TMPDIR/fetched" 2>&1 || return 0
  touch "$BATS_FILE_TMPDIR/ready"
  echo "${XDG_CACHE_HOME:-$HOME/.cache}/qemu-pinning" >"$BATS_FILE_TMPDIR/cache"
}

setup() {
  [[ -e $BATS_FILE_TMPDIR/ready ]] || skip "no source to try: $(tail -n 1 "$BATS_FILE_TMPDIR/fetched")"
  make_clone
}

# copy_cache: the clone's cache is what the user's is, with one source and no lists.
copy_cache() {
  local from suite version
  from=$(<"$BATS_FILE_TMPDIR/cache")
  # shellcheck source=/dev/null
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  version=$(<"$from/selected/$suite")
  mkdir -p "$XDG_CACHE_HOME/qemu-pinning/"{selected,sources}
  cp "$from/selected/$suite" "$XDG_CACHE_HOME/qemu-pinning/selected/"
  cp -r "$from/sources/${version#*:}" "$XDG_CACHE_HOME/qemu-pinning/sources/"
  cached=$XDG_CACHE_HOME/qemu-pinning/sources/${version#*:}
}

# offline COMMAND...: without any network.
offline() {
  unshare -n true 2>/dev/null || skip 'needs the right to take the network away'
  run unshare -n "$@"
}

@test "offline with an empty cache it fails and says what is missing where" {
  offline "$clone/build_pinning_qemu_binary.sh" --no-deps --fetch-only
  assert_status 1
  assert_output_has "is not in the cache ($XDG_CACHE_HOME/qemu-pinning)"
  assert_no_leftovers
}

@test "offline with a full cache it unpacks" {
  copy_cache
  offline "$clone/build_pinning_qemu_binary.sh" --no-deps --fetch-only
  assert_status 0
  [[ -f ${lines[-1]}/qemu-options.hx ]]
  # The source as Debian has it, not the bare archive.
  [[ -d ${lines[-1]}/debian ]]
  run find "$clone/build-qemu" -maxdepth 1 -name '*.tar.*'
  [[ -z $output ]]
}

@test "offline with a damaged cache it names the damaged file and fails" {
  copy_cache
  truncate -s -1 "$cached"/*.orig.tar.xz
  offline "$clone/build_pinning_qemu_binary.sh" --no-deps --fetch-only
  assert_status 1
  assert_output_has "damaged in the cache, to be fetched again: $(awk '/orig/ { print $2 }' "$cached/SHA256SUMS")"
  [[ ! -e $clone/build-qemu/7.2.22 ]]
}

@test "a damaged file in the cache is fetched again, and only that" {
  copy_cache
  archive=$(echo "$cached"/*.orig.tar.xz)
  kept=$(stat -c %Y "$cached"/*.debian.tar.xz)
  # A byte in the middle, so that only the sum can tell.
  printf 'X' | dd of="$archive" bs=1 seek=1000000 conv=notrunc status=none
  run build --fetch-only
  [[ $output != *'cannot be fetched'* ]] || skip 'the archive does not answer'
  assert_status 0
  assert_output_has "damaged in the cache, to be fetched again: ${archive##*/}"
  (cd "$cached" && sha256sum --quiet -c SHA256SUMS)
  [[ $(stat -c %Y "$cached"/*.debian.tar.xz) == "$kept" ]]
  assert_no_leftovers
}

@test "a release that the suite lacks is refused with those it has" {
  run build --fetch-only --release 1.0
  [[ $output != *'cannot be fetched'* ]] || skip 'the archive does not answer'
  assert_status 1
  assert_output_has 'offers no QEMU 1.0'
  assert_output_has 'try --release '
}
