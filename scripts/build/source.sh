# shellcheck shell=bash disable=SC2034,SC2154
# Sources: where the pristine QEMU tree comes from (Debian's archive, or the
# user's folder, archive file or address), and its place under build-qemu/.
#
# Each kind sets `source_id`, which changes when its content does, `source_name`
# for people, and `source_unpack`, the command that fills an empty folder.

# sum_of FILE: its SHA256.
sum_of() { sha256sum <"$1" | cut -d' ' -f1; }

# find_source: the source that the options ask for is at hand, verified.
find_source() {
  case $source_given in
    '')
      debian_source "$suite" "$release"
      source_unpack=(unpack_debian "$source_folder")
      ;;
    *://*)
      download "$source_given" "$source_sum"
      use_archive "$downloaded" "$source_given"
      ;;
    *)
      if [[ -d $source_given ]]; then
        use_folder "$source_given"
      elif [[ -f $source_given ]]; then
        [[ -z $source_sum || $(sum_of "$source_given") == "$source_sum" ]] ||
          fail "$source_given has the SHA256 sum $(sum_of "$source_given"), not $source_sum"
        use_archive "$source_given" "$source_given"
      else
        fail "--source: there is no file or folder $source_given"
      fi
      ;;
  esac
}

use_archive() {
  source_id="archive $(sum_of "$1")"
  source_name=$2
  source_unpack=(unpack_archive "$1")
}

use_folder() {
  note "reading $1"
  source_id="folder $(cd "$1" && find . \( -path ./.git -o -path ./build \) -prune -o -type f -print0 |
    sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)"
  source_name=$1
  source_unpack=(copy_folder "$1")
}

# download ADDRESS SUM: sets `downloaded`, a file in the cache that has SUM.
download() {
  local new=$cache/.tmp.download.$$
  downloaded=$cache/downloads/$2
  if [[ -f $downloaded ]]; then
    [[ $(sum_of "$downloaded") != "$2" ]] || return 0
    note "damaged in the cache, to be fetched again: $downloaded"
    rm -f -- "$downloaded"
  fi
  mkdir -p "$cache/downloads"
  temporary "$new"
  note "fetching $1"
  : >"$cache/fetch.log"
  if command -v curl >/dev/null; then
    logged "$cache/fetch.log" "fetching $1" curl -fLsS -o "$new" "$1"
  elif command -v wget >/dev/null; then
    logged "$cache/fetch.log" "fetching $1" wget -nv -O "$new" "$1"
  else
    fail 'fetching an address needs curl or wget; install one'
  fi
  [[ $(sum_of "$new") == "$2" ]] || fail "$1 has the SHA256 sum $(sum_of "$new"), not $2"
  mv -- "$new" "$downloaded"
}

# The unpackers: each makes the folder that is its last argument.
unpack_debian() {
  local dsc=("$1"/*.dsc)
  # The sums were checked against apt's signed lists, which say more than the
  # signature inside the file.
  dpkg-source --no-check --no-copy -x "${dsc[0]}" "$2"
}

unpack_archive() {
  mkdir "$2"
  tar -xf "$1" -C "$2" --strip-components=1
}

copy_folder() {
  mkdir "$2"
  tar -C "$1" --exclude=./.git --exclude=./build -cf - . | tar -C "$2" -xf -
}

# find_pristine: sets `work` and `qemu_version` if the source has been unpacked
# before; its status.
find_pristine() {
  local marker
  for marker in "$builds"/*/pristine.stamp; do
    work=${marker%/*}
    if stamped "$work" pristine "$source_id" && [[ -f $work/pristine/VERSION ]]; then
      qemu_version=$(<"$work/pristine/VERSION")
      return 0
    fi
  done
  return 1
}

# lacking_in FOLDER: what a checkout of QEMU has only after its submodules or subprojects were
# fetched, and cannot be built without.
lacking_in() {
  local name
  for name in keycodemapdb berkeley-softfloat-3 berkeley-testfloat-3; do
    [[ ! -f $1/subprojects/$name.wrap || -f $1/subprojects/$name/meson.build ]] || printf 'subprojects/%s\n' "$name"
  done
  # Before 8.1.
  for name in ui/keycodemapdb tests/fp/berkeley-softfloat-3 tests/fp/berkeley-testfloat-3; do
    [[ ! -d $1/$name || -n $(ls -A "$1/$name") ]] || printf '%s\n' "$name"
  done
}

# unpack_source: build-qemu/VERSION/pristine is the source as it came, and this
# run has claimed build-qemu/VERSION. Sets `work` and `qemu_version`.
unpack_source() {
  local new=$builds/.tmp.unpack.$$ lacking
  temporary "$new"
  : >"$builds/unpack.log"
  logged "$builds/unpack.log" "unpacking $source_name" "${source_unpack[@]}" "$new"
  [[ -f $new/VERSION && -f $new/configure && -f $new/qemu-options.hx ]] ||
    fail "$source_name is not a QEMU source: it has no VERSION, configure and qemu-options.hx at its top"
  qemu_version=$(<"$new/VERSION")
  [[ $qemu_version =~ ^[0-9]+(\.[0-9]+)+$ ]] || fail "$source_name: VERSION says '$qemu_version', which is no version"
  mapfile -t lacking < <(lacking_in "$new")
  ((${#lacking[@]} == 0)) ||
    fail "$source_name is a checkout without ${lacking[*]}: fetch them there (git submodule update --init, or meson subprojects download), or give a release's archive"
  work=$builds/$qemu_version
  claim "$work"
  unstamp "$work" pristine
  replace "$new" "$work" pristine
  stamp "$work" pristine "$source_id"
}
