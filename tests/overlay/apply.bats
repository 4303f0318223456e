#!/usr/bin/env bats
# Variables are shared with helpers.bash, and each test is a subshell.
# shellcheck disable=SC2034,SC2154,SC2030,SC2031
# The overlay fits each QEMU version exactly as expected.

load helpers

setup() { options=(); }

gains_as_expected() {
  cut_source "$1"
  "$top/scripts/overlay/golden" "$src"
}

@test "7.2: what upstream's files gain is as expected" { gains_as_expected 7.2; }
@test "10.0: what upstream's files gain is as expected" { gains_as_expected 10.0; }
@test "10.2: what upstream's files gain is as expected" { gains_as_expected 10.2; }

@test "a gain that is not expected is shown, also where lines may have moved" {
  cut_source 10.2
  sed -i '1s/(.*)/(another revision)/' "$src/debian/changelog"
  sed -i '1i /* moved */' "$src/hw/core/machine.c"
  run "$top/scripts/overlay/golden" "$src"
  [[ $status == 0 && $output == 'as expected, in other lines'* ]]
  sed -i 's/^ *machine_class->init(machine);/  &/' "$src/hw/core/machine.c"
  run "$top/scripts/overlay/golden" "$src"
  echo "$output"
  [[ $status == 1 && $output == *vcpu_pinning_prepare* ]]
}

# The tables of options and commands (.hx) are QEMU's manual, not its code.
@test "no upstream file loses a line, and together their code gains at most 30" {
  for golden in "$BATS_TEST_DIRNAME"/expected/*.diff; do
    run grep -E '^-([^-]|$)' "$golden"
    [[ $status == 1 ]]
    (($(awk '/^\+\+\+ / { code = !/\.hx$/; next } /^\+/ && code' "$golden" | wc -l) <= 30))
  done
}

exports_a_patch_that_applies() {
  cut_source "$1"
  "$apply" --export-patch "$BATS_TEST_TMPDIR/patch" "$src" "$dest"
  (cd "$src" && patch -p1 --fuzz=0 <"$BATS_TEST_TMPDIR/patch")
  diff -r "$src" "$dest"
}

@test "7.2: the exported patch makes of the source what apply makes of it" { exports_a_patch_that_applies 7.2; }
@test "10.2: the exported patch makes of the source what apply makes of it" { exports_a_patch_that_applies 10.2; }

@test "the source is not touched, and files that are not ours keep their time" {
  cut_source 7.2
  before=$(checksum "$src")
  "$apply" "$src" "$dest"
  [[ $(checksum "$src") == "$before" ]]
  [[ $(stat -c %Y "$dest/net/net.c") == "$(stat -c %Y "$src/net/net.c")" ]]
  [[ $(stat -c %Y "$dest/net/smb-share.c") == "$(stat -c %Y "$top/net/smb-share.c")" ]]
}

@test "with --samba-symlinks, and only then, the share's configuration gains a line" {
  cut_source 7.2
  "$apply" --samba-symlinks "$src" "$dest"
  [[ $(grep -c 'smb_share_follow_symlinks(f);' "$dest/net/slirp.c") == 1 ]]
  rm -r "$dest"
  "$apply" "$src" "$dest"
  [[ $(grep -c 'smb_share_follow_symlinks' "$dest/net/slirp.c") == 0 ]]
}

@test "the fingerprint follows every file of the overlay, and the build option" {
  copy=$BATS_TEST_TMPDIR/copy
  mkdir "$copy"
  (cd "$top" && cp -a --parents ./*.hx accel hw include net scripts softmmu subprojects util "$copy")
  first=$("$copy/scripts/overlay/apply" --fingerprint)
  [[ $first == "$("$apply" --fingerprint)" ]]
  [[ $first != "$("$copy/scripts/overlay/apply" --samba-symlinks --fingerprint)" ]]
  for file in softmmu/cpus.c.cocci net/smb-share.c qemu-options.hx scripts/overlay/paths.map \
    subprojects/libvcpupin/include/vcpupin.h; do
    echo >>"$copy/$file"
    next=$("$copy/scripts/overlay/apply" --fingerprint)
    [[ $next != "$first" ]]
    first=$next
  done
}

@test "the manifest names every hook of the tree, and nothing that is not there" {
  in_tree=$(cd "$top" && git ls-files -- '*.cocci' '*.fragment' '*.hx' | sort)
  in_manifest=$(awk '/^(rewrite|splice)/ { print $2 }' "$top/scripts/overlay/manifest" | sort)
  diff <(printf '%s\n' "$in_tree") <(printf '%s\n' "$in_manifest")
  while read -r path; do [[ -e $top/$path ]]; done \
    < <(awk '/^copy/ { print $2 }' "$top/scripts/overlay/manifest")
}
