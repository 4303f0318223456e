# shellcheck shell=bash disable=SC2034,SC2154
# The Python that QEMU (8.1 and later) is configured with: QEMU wants it to have a
# meson of some least version. Where the system's is older, a newer one comes from
# the archive into the work folder; nothing is installed.

# least_meson: the version that the pristine tree asks for; nothing before 8.2.
least_meson() {
  [[ ! -f $work/pristine/pythondeps.toml ]] ||
    sed -n 's/^meson *=.*accepted *= *">=\([0-9.]*\)".*/\1/p;T;q' "$work/pristine/pythondeps.toml"
}

# at_least VERSION LEAST
at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | sed -n 1p) == "$2" ]]; }

# Sets `build_python` and, for QEMU before 8.1, which takes a path, `build_meson`.
find_build_python() {
  local least system wheel
  build_python=/usr/bin/python3
  build_meson=$(command -v /usr/bin/meson || command -v meson)
  [[ -f $work/pristine/python/scripts/mkvenv.py ]] || return 0
  build_meson=
  least=$(least_meson)
  [[ -n $least ]] || return 0
  system=$("$build_python" -c 'import mesonbuild.coredata as c; print(c.version)' 2>/dev/null || true)
  [[ -z $system ]] || ! at_least "$system" "$least" || return 0
  for wheel in "$work"/pristine/python/wheels/meson-*.whl; do
    [[ ! -f $wheel ]] || return 0
  done
  [[ $distribution == debian ]] ||
    fail "QEMU $qemu_version needs meson $least or newer, and this system has ${system:-none}"
  private_meson "$least"
}

# private_meson LEAST: a virtual environment with a meson from the archive.
private_meson() {
  local new=$work/.tmp.tools sites
  fetch_meson "$1"
  build_python=$work/tools/bin/python3
  if stamped "$work" tools "$meson_package $work" && "$build_python" -c 'import mesonbuild' 2>/dev/null; then
    return 0
  fi
  unstamp "$work" tools
  rm -rf -- "$new" "$work/tools"
  temporary "$new"
  mkdir "$new"
  logged "$work/configure.log" 'unpacking meson' dpkg -x "$meson_package" "$new/meson"
  # An environment knows its own path: it must be made in its place.
  logged "$work/configure.log" 'making a Python environment' \
    /usr/bin/python3 -m venv --system-site-packages --without-pip "$work/tools"
  # QEMU makes an environment of its own on top of this one, which sees what is in
  # this folder but follows no .pth file in it.
  sites=("$work/tools/lib/"python3*/site-packages)
  mv -- "$new"/meson/usr/lib/python3/dist-packages/* "${sites[0]}/"
  rm -rf -- "$new"
  stamp "$work" tools "$meson_package $work"
}

# fetch_meson LEAST: sets `meson_package`, a verified package file in the cache,
# from the host's backports, the suite asked for, or the newest stable release.
fetch_meson() {
  local candidate version folder=$cache/meson new=$cache/.tmp.meson.$$
  for meson_package in "$folder"/meson_*.deb; do
    [[ -f $meson_package && -f $meson_package.sha256 ]] || continue
    version=${meson_package##*/meson_}
    at_least "$version" "$1" || continue
    [[ $(sum_of "$meson_package") != "$(<"$meson_package.sha256")" ]] || return 0
    note "damaged in the cache, to be fetched again: $meson_package"
    rm -f -- "$meson_package" "$meson_package.sha256"
  done
  hold "$cache" 'fetches a source'
  : >"$cache/apt.log"
  for candidate in "$host_suite-backports" "$suite" stable; do
    note "looking for meson $1 or newer in $candidate"
    update_lists "meson-$candidate" deb "$candidate" || continue
    version=$(apt-cache "${apt_options[@]}" show --no-all-versions meson 2>/dev/null | sed -n 's/^Version: //p')
    if [[ -z $version ]] || ! at_least "$version" "$1"; then
      continue
    fi
    rm -rf -- "$new"
    temporary "$new"
    mkdir -p "$new" "$folder"
    attempt "$cache/apt.log" env -C "$new" apt-get "${apt_options[@]}" -q download "meson=$version" || continue
    meson_package=$folder/meson_${version//:/_}.deb
    sum_of "$(printf '%s\n' "$new"/*.deb)" >"$meson_package.sha256"
    mv -- "$new"/*.deb "$meson_package"
    release
    return 0
  done
  fail_with_log "$cache/apt.log" "QEMU $qemu_version needs meson $1 or newer, which is neither in the cache nor in the archive"
}
