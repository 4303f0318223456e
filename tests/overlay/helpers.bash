# Pristine sources for the overlay tests, cut down to what the overlay looks at,
# so that each test can damage a copy of its own.
# tests/run sets QEMU_PINNING_SOURCE_7_2 and so on to unpacked source trees.

# Tests set `options`; bats sets `status` and `output`.
# shellcheck disable=SC2034,SC2154
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
apply=$top/scripts/overlay/apply

# source_of VERSION: the unpacked source, or a skip that says why there is none.
source_of() {
  local variable=QEMU_PINNING_SOURCE_${1//./_}
  [[ -n ${!variable:-} ]] || skip "${QEMU_PINNING_NO_SOURCE:-no source of QEMU $1 ($variable is not set)}"
  pristine=${!variable}
}

# cut_source VERSION: a small copy at $BATS_TEST_TMPDIR/src.
cut_source() {
  source_of "$1"
  src=$BATS_TEST_TMPDIR/src
  dest=$BATS_TEST_TMPDIR/dest
  mkdir "$src"
  (cd "$pristine" && xargs -d '\n' cp -a --parents -t "$src") < <(
    printf '%s\n' VERSION debian/changelog scripts/cocci-macro-file.h net/net.c
    hooked_files "$1"
  )
}

# expected_of VERSION: its golden diff without the heading.
expected_of() { tail -n +2 "$BATS_TEST_DIRNAME/expected/$1.diff"; }

# hooked_files VERSION: the files that the overlay changes there.
hooked_files() { expected_of "$1" | sed -n 's|^+++ b/||p'; }

# nothing_left: the refused overlay left just the source, and that unchanged.
checksum() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum); }
nothing_left() {
  [[ $(ls -A "$BATS_TEST_TMPDIR") == src ]] || { ls -A "$BATS_TEST_TMPDIR"; return 1; }
  [[ $(checksum "$src") == "$before" ]]
}

# refused PATTERN: apply exits with 1, says PATTERN, and leaves nothing behind.
refused() {
  local before
  before=$(checksum "$src")
  run "$apply" "${options[@]}" "$src" "$dest"
  if [[ $status != 1 || $output != *$1* ]]; then
    printf 'wanted: %s\nstatus %s: %s\n' "$1" "$status" "$output"
    return 1
  fi
  nothing_left
}
