#!/usr/bin/env bats
# shellcheck disable=SC2154
# What the build script accepts, and how it says no.

load helper

setup() {
  make_clone
}

@test "help fits 80 columns" {
  run -0 build --help
  wide=$(awk 'length > 80' <<<"$output")
  [[ -z $wide ]] || { echo "$wide"; return 1; }
}

@test "help names every option that the script takes" {
  run -0 build --help
  mapfile -t options < <(sed -n '/^parse_options/,/^}/p' "$top/build_pinning_qemu_binary.sh" |
    grep -oE -- '--[a-z][a-z0-9-]+' | sort -u)
  ((${#options[@]} > 10))
  for option in "${options[@]}"; do
    assert_output_has "  $option "
  done
}

@test "help changes nothing" {
  run -0 build --help
  [[ ! -e $clone/build-qemu && ! -e $XDG_CACHE_HOME ]]
}

@test "an unknown option is named in one line" {
  run build --target-lost x
  assert_status 2
  [[ $output == "build_pinning_qemu_binary.sh: unknown option '--target-lost' (try --help)" ]]
}

@test "a word that is no option is refused" {
  run build bookworm
  assert_status 2
  assert_output_has "unknown option 'bookworm'"
}

@test "an option without its value is named" {
  for option in --suite --release --source --sha256 --target-list --jobs --bin --export-patch; do
    run build "$option"
    assert_status 2
    [[ $output == "build_pinning_qemu_binary.sh: option '$option' needs a value (try --help)" ]]
  done
}

@test "values that cannot be are refused, with the value" {
  for bad in '--jobs 0' '--jobs two' '--release ten' '--suite ../x' '--sha256 12'; do
    # shellcheck disable=SC2086
    run build $bad
    assert_status 2
    assert_output_has "${bad%% *}: '${bad#* }'"
  done
}

@test "an address without a sum is refused" {
  run build --source https://example.invalid/qemu.tar.xz
  assert_status 2
  assert_output_has '--source with an address needs --sha256'
}

@test "options that exclude each other are refused" {
  run build --source "$BATS_TEST_TMPDIR" --suite sid
  assert_status 2
  assert_output_has 'either --source, or --suite and --release'
  run build --sha256 "$(printf '%064d' 0)"
  assert_status 2
  assert_output_has '--sha256 is for --source'
  run build --source "$BATS_TEST_TMPDIR" --sha256 "$(printf '%064d' 0)"
  assert_status 2
  assert_output_has 'not for a folder'
  run build --fetch-only --export-patch x
  assert_status 2
  assert_output_has '--fetch-only stops before'
}

@test "a clone with a space in its path is refused before anything is done" {
  mv "$clone" "$clone with space"
  clone="$clone with space"
  run build
  assert_status 1
  assert_output_has 'a space or a colon'
  [[ ! -e $clone/build-qemu ]]
}
