# shellcheck shell=bash disable=SC2034,SC2154
# The patched QEMU, from the pristine tree in the work folder to installed
# programs: src/ (overlay applied), obj/ (QEMU's build folder), install/.
# A stamp per stage says what it was made of, so that a stage runs only again if
# that has changed.

# patch_source: src/ is the pristine tree with the overlay on it.
patch_source() {
  local options=() wanted new=$work/.tmp.src
  [[ $samba_symlinks == no ]] || options+=(--samba-symlinks)
  wanted="$source_id $("$top/scripts/overlay/apply" "${options[@]}" --fingerprint) ${options[*]}"
  if stamped "$work" src "$wanted" && [[ -d $work/src ]]; then
    if [[ -z $export_patch ]]; then
      note 'unchanged'
    else
      apply_overlay "$new"
      rm -rf -- "$new"
    fi
  else
    apply_overlay "$new"
    keep_times "$new"
    unstamp "$work" src
    replace "$new" "$work" src
    stamp "$work" src "$wanted"
  fi
  [[ -z $export_patch ]] || note "the change as a patch: $export_patch"
}

# apply_overlay DEST: by way of `options`. What it leaves in TMPDIR when it is
# killed goes with the next run.
apply_overlay() {
  local scratch=$work/.tmp.scratch
  rm -rf -- "$1"
  temporary "$1"
  temporary "$scratch"
  mkdir -p "$scratch"
  [[ -z $export_patch ]] || options+=(--export-patch "$export_patch")
  : >"$work/overlay.log"
  logged "$work/overlay.log" 'applying the overlay' \
    env TMPDIR="$scratch" "$top/scripts/overlay/apply" "${options[@]}" "$work/pristine" "$1"
}

# keep_times NEW: ninja rebuilds what is newer than its objects. So what the
# overlay touches gets the time it has in src/ if it has the same content there,
# and else the present.
keep_times() {
  local path
  while IFS= read -r path; do
    if cmp -s -- "$1/$path" "$work/src/$path"; then
      touch -h -r "$work/src/$path" -- "$1/$path"
    else
      touch -h -- "$1/$path"
    fi
  done < <(LC_ALL=C comm -13 <(file_times "$work/pristine") <(file_times "$1") | cut -d' ' -f3-)
}

file_times() { (cd "$1" && find . ! -type d -printf '%T@ %s %p\n') | LC_ALL=C sort; }

# configure_arguments: sets `arguments`. Features named here are those promised;
# all others are as QEMU finds them.
configure_arguments() {
  arguments=(
    "--prefix=$work/install" "--target-list=$target_list"
    --enable-gtk --enable-pa --enable-libusb --enable-linux-aio --enable-slirp --enable-seccomp
    # Samba is needed at run time only, by those who share a folder.
    --smbd=/usr/sbin/smbd
    # Distribution compilers are newer than QEMU's releases; warnings are no errors.
    --disable-werror
    # The manuals are on QEMU's site and would need Sphinx; the guest agent runs in
    # guests, which have their own.
    --disable-docs --disable-guest-agent
  )
  if [[ $debug == yes ]]; then
    arguments+=(--enable-debug)
  else
    # A quarter of the time and most of the size; --debug is for those who need it.
    arguments+=(--disable-debug-info)
  fi
  [[ -f $work/pristine/pc-bios/bios-256k.bin ]] ||
    arguments+=(--firmwarepath=/usr/share/qemu:/usr/share/seabios:/usr/lib/ipxe/qemu --disable-install-blobs)
  ! command -v ccache >/dev/null ||
    arguments+=("--cc=ccache ${CC:-gcc}" "--cxx=ccache ${CXX:-g++}")
  if [[ -n $build_meson ]]; then
    arguments+=("--meson=$build_meson")
  else
    arguments+=("--python=$build_python")
  fi
  arguments+=("${configure_extra[@]}")
}

# configure_qemu: obj/ is configured as the options ask.
configure_qemu() {
  local wanted
  : >"$work/configure.log"
  find_build_python
  configure_arguments
  wanted="$source_id $(printf '%q ' "${arguments[@]}")"
  if stamped "$work" obj "$wanted" && [[ -f $work/obj/build.ninja ]]; then
    note 'unchanged'
    return 0
  fi
  unstamp "$work" obj
  rm -rf -- "$work/obj"
  mkdir "$work/obj"
  # PYTHON is for QEMU before 8.1, which takes --python only with its own meson.
  logged "$work/configure.log" "configuring QEMU (see also $work/obj/meson-logs/meson-log.txt)" \
    env -C "$work/obj" PYTHON="$build_python" ../src/configure "${arguments[@]}"
  stamp "$work" obj "$wanted"
}

# installed_targets: what ninja must make for an installation. QEMU's `all` is
# twice that: its own tests, which are not what a user came for.
installed_targets() { "$build_python" "$scripts/installed-targets" "$work/obj"; }

# target_times: when each of `targets` was made. Ninja's own word does not do: some
# rule of QEMU's runs each time, and changes nothing.
target_times() { (cd "$work/obj" && stat -c '%n %y' -- "${targets[@]}" 2>/dev/null) | sha256sum || true; }

# build_qemu: what will be installed is up to date. Sets `targets`.
build_qemu() {
  local log=$work/build.log before
  : >"$log"
  mapfile -t targets < <(installed_targets)
  before=$(target_times)
  ((${#targets[@]} > 0)) || fail "QEMU's build folder names nothing to install: $work/obj"
  # So that a clone elsewhere, or the same tree again, finds ccache's objects.
  export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
  ninja_run "$log" -C "$work/obj" -j "$jobs" "${targets[@]}" || fail_with_log "$log" 'building QEMU failed'
  [[ $(target_times) != "$before" ]] || note 'nothing to do'
}

# install_qemu: install/ has what obj/ has built, and the links lead there.
install_qemu() {
  local staging=$work/.tmp.install wanted
  wanted="$(<"$work/obj.stamp") $(<"$work/src.stamp") $(target_times)"
  if stamped "$work" install "$wanted" && [[ -d $work/install ]]; then
    note 'unchanged'
  else
    unstamp "$work" install
    temporary "$staging"
    : >"$work/install.log"
    # QEMU from 8.1 on has a meson of its own in its build folder.
    logged "$work/install.log" 'installing QEMU' \
      env "DESTDIR=$staging" "${build_meson:-$work/obj/pyvenv/bin/meson}" install --no-rebuild -C "$work/obj"
    replace "$staging$work/install" "$work" install
    stamp "$work" install "$wanted"
  fi
  link_programs
}

# link_programs: the folder of links has one for each installed program, and none
# of an earlier build.
link_programs() {
  local program_file link
  mkdir -p "$bin"
  for link in "$bin"/*; do
    if [[ -L $link && $(readlink -m -- "$link") == "$builds"/* ]]; then
      program_file=$work/install/bin/${link##*/}
      [[ -e $program_file ]] || rm -f -- "$link"
    fi
  done
  for program_file in "$work"/install/bin/*; do
    link_program "$program_file"
  done
}

link_program() {
  local link=$bin/.tmp.link.$$
  ln -sfn --relative -- "$1" "$link"
  mv -fT -- "$link" "$bin/${1##*/}"
}

# build_own LOG TARGET: a program of our own build, under build/.
build_own() {
  : >"$1"
  hold "$builds" 'builds our own programs'
  [[ -f $top/build/build.ninja ]] ||
    logged "$1" 'configuring our own build' env -C "$top" ./configure -Dtests=disabled
  logged "$1" "building $2" env "CCACHE_BASEDIR=$top" CCACHE_NOHASHDIR=1 ninja -C "$top/build" "$2"
  release
}

# install_qemu_pin: the companion command, beside QEMU.
install_qemu_pin() {
  build_own "$builds/qemu-pin.log" qemu-pin/qemu-pin
  link_program "$top/build/qemu-pin/qemu-pin"
}

# prove_pinning: our own program starts a guest with the new QEMU and checks where
# its threads run.
prove_pinning() {
  local log=$builds/proof.log
  if [[ ,$target_list, != *,x86_64-softmmu,* ]]; then
    note 'skipped: the guest of the proof is for x86_64-softmmu'
    return 0
  fi
  build_own "$log" tests/functional/pin-proof
  shown "$log" "$top/build/tests/functional/pin-proof" "$bin/qemu-system-x86_64" ||
    fail "the proof failed: the threads of the guest were not where they were asked to be; the log: $log"
}
