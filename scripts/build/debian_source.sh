# shellcheck shell=bash disable=SC2034,SC2154
# Debian's source package of QEMU: which version a suite offers, fetching it into
# the cache, and checking it on every run against the sums from apt's signed
# lists. What was chosen is remembered, so that a later run needs no network.

# offered FIELDS: what the private apt's lists say of qemu, a line per file:
# version, SHA256, name; newest version first.
offered() {
  apt-cache "${apt_options[@]}" showsrc --only-source qemu 2>/dev/null | awk '
    /^Package:/ { qemu = ($2 == "qemu"); version = "" }
    /^Version:/ { version = $2 }
    /^[^ ]/ { sums = /^Checksums-Sha256:/ }
    qemu && sums && /^ / { lines[++n] = $1 " " $3 }
    /^$/ { flush() }
    function flush(i) { for (i = 1; i <= n; i++) print version, lines[i]; n = 0 }
    END { flush() }' | sort -u | sort -s -k1,1Vr
}

# offered_versions [RELEASE]: Debian versions, newest first; with RELEASE (X.Y or
# X.Y.Z) those of that QEMU release only.
offered_versions() {
  local version
  offered | cut -d' ' -f1 | uniq | while read -r version; do
    [[ -z ${1:-} || $(upstream_version "$version") == "$1" || $(upstream_version "$version") == "$1".* ]] || continue
    printf '%s\n' "$version"
  done
}

# upstream_version VERSION: 1:10.0.13+ds-0+deb13u1 is QEMU 10.0.13.
upstream_version() {
  local version=${1#*:}
  printf '%s\n' "${version%%[+~-]*}"
}

# suggestion VERSION: how to ask for what the suite offers besides VERSION.
suggestion() {
  local version others=() release=''
  while read -r version; do
    [[ $version != "$1" ]] || continue
    others+=("$version")
    release=$(upstream_version "$version")
  done < <(offered_versions)
  if ((${#others[@]} == 0)); then
    printf 'the suite offers no other version; try another --suite'
  else
    printf 'the suite also offers %s: try --release %s' "${others[*]}" "$(cut -d. -f1,2 <<<"$release")"
  fi
}

# damaged_files FOLDER: those files of a cached source whose sum is wrong.
damaged_files() {
  local sum name
  while read -r sum name; do
    [[ $(sha256sum <"$1/$name" 2>/dev/null) == "$sum  -" ]] || printf '%s\n' "$name"
  done <"$1/SHA256SUMS"
}

# cached_source VERSION: whether the cache has VERSION whole. Sets `source_folder`.
# What is damaged is removed.
cached_source() {
  local name damaged
  source_folder=$cache/sources/${1#*:}
  [[ -s $source_folder/SHA256SUMS ]] || return 1
  damaged=$(damaged_files "$source_folder")
  [[ -n $damaged ]] || return 0
  for name in $damaged; do
    note "damaged in the cache, to be fetched again: $name"
    rm -f -- "$source_folder/$name"
  done
  return 1
}

# fetch_source VERSION: fetches VERSION into the cache; its status. Good files
# that the cache has already are not fetched again.
fetch_source() {
  local new=$cache/.tmp.source.$$ name
  rm -rf -- "$new"
  mkdir -p "$new" "$cache/sources"
  temporary "$new"
  source_folder=$cache/sources/${1#*:}
  : >"$cache/fetch.log"
  for name in "$source_folder"/*.dsc "$source_folder"/*.tar.*; do
    [[ ! -f $name ]] || cp -p -- "$name" "$new/"
  done
  attempt "$cache/fetch.log" env -C "$new" apt-get "${apt_options[@]}" -q source --download-only "qemu=$1" || return 1
  offered | awk -v version="$1" '$1 == version { print $2 "  " $3 }' >"$new/SHA256SUMS"
  [[ -s $new/SHA256SUMS && -z $(damaged_files "$new") ]] || return 1
  replace "$new" "$cache/sources" "${1#*:}"
}

# debian_source SUITE RELEASE: the newest source of QEMU (of RELEASE, unless that is
# empty) that SUITE offers is in the cache, verified. Sets `source_folder`,
# `source_id`, `source_name`.
debian_source() {
  local suite=$1 release=$2 record version=''
  record=$cache/selected/$suite${release:+-$release}
  private_apt "source-$suite"
  remove_leftovers "$cache/sources"
  if [[ -s $record && $refresh == no ]]; then
    version=$(<"$record")
    # A damaged file comes from the same lists again, if the mirror still has it.
    cached_source "$version" || fetch_source "$version" || version=
  fi
  if [[ -z $version ]]; then
    note "asking the archive what $suite offers"
    choose_and_fetch "$suite" "$release"
    version=$chosen
    mkdir -p "${record%/*}"
    printf '%s\n' "$version" >"$record"
  fi
  source_id="debian $(sha256sum <"$source_folder/SHA256SUMS" | cut -d' ' -f1)"
  source_name="Debian's qemu $version"
  note "$source_name, verified"
}

# choose_and_fetch SUITE RELEASE: sets `chosen`. An archive may list a version that it does not
# serve; then the next one is tried.
choose_and_fetch() {
  local versions failures=''
  : >"$cache/apt.log"
  update_lists "source-$1" deb-src "$1" ||
    fail "$(printf 'the source of QEMU is not in the cache (%s), and the lists of the suite %s cannot be fetched:\n%s' \
      "$cache" "$1" "$(unfetched "$cache/apt.log")")"
  mapfile -t versions < <(offered_versions "$2")
  ((${#versions[@]} > 0)) || fail "the suite $1 offers no QEMU${2:+ $2}; $(suggestion '')"
  for chosen in "${versions[@]}"; do
    ! cached_source "$chosen" || return 0
    note "fetching qemu $chosen"
    ! fetch_source "$chosen" || return 0
    note "qemu $chosen is listed in $1 but cannot be fetched"
    failures+=$(printf '\n%s:\n%s' "$chosen" "$(unfetched "$cache/fetch.log")")
  done
  fail "$(printf 'no qemu that is listed in %s can be fetched:%s\n%s' \
    "$1" "$failures" "$(suggestion "${versions[0]}")")"
}
