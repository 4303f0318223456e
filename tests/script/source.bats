#!/usr/bin/env bats
# shellcheck disable=SC2154
# Sources of the user's own: folder, archive, address.

load helper

setup() {
  make_clone
  make_archive
}

@test "--fetch-only prints the pristine folder last" {
  run -0 build --fetch-only --source "$archive"
  [[ ${lines[-1]} == "$clone/build-qemu/7.2.99/pristine" ]]
  [[ -f ${lines[-1]}/qemu-options.hx ]]
  assert_no_leftovers
}

@test "an archive with a wrong sum is refused, with both sums" {
  wrong=$(printf '%064d' 0)
  run build --fetch-only --source "$archive" --sha256 "$wrong"
  assert_status 1
  assert_output_has "$archive_sum"
  assert_output_has "$wrong"
  [[ ! -e $clone/build-qemu/7.2.99 ]]
}

@test "an address with a wrong sum is refused and leaves nothing in the cache" {
  need curl
  run build --fetch-only --source "file://$archive" --sha256 "$(printf '%064d' 0)"
  assert_status 1
  assert_output_has "$archive_sum"
  run find "$XDG_CACHE_HOME" -type f -size +0 ! -name '*.log'
  [[ -z $output ]]
}

@test "an address is fetched once, and again when the cache is damaged" {
  need curl
  build --fetch-only --source "file://$archive" --sha256 "$archive_sum"
  run -0 build --fetch-only --source "file://$archive" --sha256 "$archive_sum"
  assert_output_lacks fetching
  echo x >>"$XDG_CACHE_HOME/qemu-pinning/downloads/$archive_sum"
  run -0 build --fetch-only --source "file://$archive" --sha256 "$archive_sum"
  assert_output_has 'damaged in the cache, to be fetched again'
  assert_output_has fetching
}

@test "an address that does not answer fails with the end of the log" {
  need curl
  run build --fetch-only --source "file://$archive.not" --sha256 "$archive_sum"
  assert_status 1
  assert_output_has 'the last 30 lines of the log'
  assert_output_has 'the whole log: '
}

@test "what is no QEMU source is refused" {
  tar -C "$BATS_TEST_TMPDIR/source/qemu-7.2.99" -czf "$archive" VERSION configure
  run build --fetch-only --source "$archive"
  assert_status 1
  assert_output_has 'is not a QEMU source'
  assert_no_leftovers
}

@test "a checkout without its subprojects is refused, and they are named" {
  folder=$BATS_TEST_TMPDIR/source/qemu-7.2.99
  mkdir -p "$folder/subprojects/berkeley-testfloat-3" "$folder/ui/keycodemapdb"
  touch "$folder"/subprojects/{keycodemapdb,berkeley-testfloat-3}.wrap
  run build --fetch-only --source "$folder"
  assert_status 1
  assert_output_has 'without subprojects/keycodemapdb subprojects/berkeley-testfloat-3 ui/keycodemapdb'
  assert_no_leftovers
  mkdir "$folder/subprojects/keycodemapdb"
  touch "$folder"/subprojects/{keycodemapdb,berkeley-testfloat-3}/meson.build "$folder/ui/keycodemapdb/README"
  run -0 build --fetch-only --source "$folder"
}

@test "a source that is not there is named" {
  run build --fetch-only --source "$archive.not"
  assert_status 1
  assert_output_has "there is no file or folder $archive.not"
}

@test "a folder is copied, and again when a file in it has changed" {
  folder=$BATS_TEST_TMPDIR/source/qemu-7.2.99
  build --fetch-only --source "$folder"
  run -0 build --fetch-only --source "$folder"
  assert_output_has unchanged
  echo more >>"$folder/other.c"
  run -0 build --fetch-only --source "$folder"
  cmp "$folder/other.c" "$clone/build-qemu/7.2.99/pristine/other.c"
}

@test "it works from any folder, with paths relative to that" {
  cd "$BATS_TEST_TMPDIR/source"
  run -0 "$clone/build_pinning_qemu_binary.sh" --no-deps --fetch-only --source qemu-7.2.99
  [[ ${lines[-1]} == "$clone/build-qemu/7.2.99/pristine" ]]
}
