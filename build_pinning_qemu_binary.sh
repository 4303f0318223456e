#!/usr/bin/env bash
# Builds QEMU with native pinning: source, overlay, configure, ninja, install,
# proof. The stages are functions in scripts/build/; here are the options and
# their order. The parts share the variables set here.
# shellcheck disable=SC2034,SC2154
set -euo pipefail

program=${0##*/}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scripts=$top/scripts/build
builds=$top/build-qemu
cache=${XDG_CACHE_HOME:-$HOME/.cache}/qemu-pinning

for part in progress folder requirement apt debian_source source meson_tool qemu; do
  # shellcheck source=/dev/null
  source "$scripts/$part.sh"
done

usage() {
  cat <<'EOT'
Usage: ./build_pinning_qemu_binary.sh [OPTION]... [-- CONFIGURE-OPTION...]

Builds QEMU with native pinning from nothing: installs the packages that are
missing, fetches and verifies a QEMU source, puts the overlay on a copy of it,
builds that, installs it under build-qemu/, links the programs to bin/, with
qemu-pin beside them, and proves with a small guest that its threads are pinned
as asked. A second run does only what has changed.

Source (by default the newest QEMU of the host's own Debian release):
  --suite NAME         Debian suite to take the source from (sid, trixie, ...)
  --release X.Y        take the newest QEMU X.Y that the suite offers
  --refresh            ask the archive again, though the cache has a source
  --source PLACE       a folder, an archive file or an address (URL) instead
  --sha256 SUM         what PLACE must have; required for an address

Build:
  --target-list LIST   QEMU's targets, with commas (default: x86_64-softmmu)
  --debug              QEMU's debug build: slow, with all checks and symbols
  --samba-symlinks     let the built-in smb share follow symlinks out of the
                       shared folder (a risk: see README)
  --jobs N             at most N compilers at once (default: one per CPU)
  --                   all that follows goes to QEMU's configure

Result:
  --bin DIR            where the links to the programs go (default: bin/)
  --export-patch FILE  write the change to QEMU as a patch for `patch -p1`
  --fetch-only         stop when the source is unpacked, and print its folder
  --configure-only     stop when QEMU is configured, and print its build folder

Other:
  --no-deps            install nothing; name what is missing and exit 2
  --help               print this text

Downloads are kept in $XDG_CACHE_HOME/qemu-pinning (default: under ~/.cache).
Exit status: 0 built and proven, 1 failed, 2 usage, or something is missing.
EOT
}

# need_value COUNT OPTION VALUE: of the COUNT arguments left the second is VALUE.
need_value() {
  (($1 >= 2)) || misuse "option '$2' needs a value"
  [[ -n $3 ]] || misuse "option '$2' needs a value that is not empty"
}

# absolute PATH: PATH as seen from any folder.
absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$PWD/$1" ;;
  esac
}

parse_options() {
  suite='' release='' refresh=no source_given='' source_sum=''
  target_list=x86_64-softmmu debug=no samba_symlinks=no jobs=$(nproc) configure_extra=()
  bin=$top/bin export_patch='' fetch_only=no configure_only=no install_packages=yes
  while (($# > 0)); do
    case $1 in
      --suite | --release | --source | --sha256 | --target-list | --jobs | --bin | --export-patch)
        need_value $# "$1" "${2-}"
        case $1 in
          --suite) suite=$2 ;;
          --release) release=$2 ;;
          --source) source_given=$2 ;;
          --sha256) source_sum=$2 ;;
          --target-list) target_list=$2 ;;
          --jobs) jobs=$2 ;;
          --bin) bin=$(absolute "$2") ;;
          --export-patch) export_patch=$(absolute "$2") ;;
        esac
        shift
        ;;
      --*=*)
        # The other common way to write a value.
        set -- "${1%%=*}" "${1#*=}" "${@:2}"
        continue
        ;;
      --refresh) refresh=yes ;;
      --debug) debug=yes ;;
      --samba-symlinks) samba_symlinks=yes ;;
      --fetch-only) fetch_only=yes ;;
      --configure-only) configure_only=yes ;;
      --no-deps) install_packages=no ;;
      --help)
        usage
        exit 0
        ;;
      --)
        configure_extra=("${@:2}")
        break
        ;;
      *) misuse "unknown option '$1'" ;;
    esac
    shift
  done
}

# check_options: what one option cannot say without another.
check_options() {
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || misuse "--jobs: '$jobs' is not a number of at least 1"
  [[ -z $release || $release =~ ^[0-9]+\.[0-9]+(\.[0-9]+)?$ ]] || misuse "--release: '$release' is not of the form X.Y"
  [[ -z $suite || $suite =~ ^[a-z][a-z0-9-]*$ ]] || misuse "--suite: '$suite' is not the name of a suite"
  source_sum=${source_sum,,}
  [[ -z $source_sum || $source_sum =~ ^[0-9a-f]{64}$ ]] || misuse "--sha256: '$source_sum' is not a SHA256 sum"
  if [[ -n $source_given ]]; then
    [[ -z $suite$release ]] || misuse 'either --source, or --suite and --release'
    [[ $refresh == no ]] || misuse '--refresh is for a source from the archive, not for --source'
    if [[ $source_given == *://* ]]; then
      [[ -n $source_sum ]] || misuse '--source with an address needs --sha256'
    else
      source_given=$(absolute "$source_given")
      [[ -z $source_sum || ! -d $source_given ]] || misuse '--sha256 is for a file or an address, not for a folder'
    fi
  elif [[ -n $source_sum ]]; then
    misuse '--sha256 is for --source'
  fi
  [[ -z $export_patch || $fetch_only == no ]] || misuse '--fetch-only stops before there is a patch to export'
  [[ -z $export_patch || -d ${export_patch%/*}/ ]] || misuse "--export-patch: there is no folder ${export_patch%/*}"
  [[ $fetch_only == yes || ! $top =~ [[:space:]:] ]] ||
    fail "QEMU cannot be built in a folder with a space or a colon in its path: $top; move the clone"
}

# check_packages: all that the run needs is installed.
check_packages() {
  local parts=()
  step 'Packages'
  [[ $fetch_only == yes ]] || parts+=(qemu own)
  if [[ -z $source_given ]]; then
    [[ $distribution == debian ]] ||
      fail "no source for this distribution ($distribution_name): use --no-deps --source, with a QEMU release from its makers"
    parts+=(fetch)
    [[ $fetch_only == yes ]] || parts+=(firmware)
    suite=${suite:-$host_suite}
    [[ -n $suite ]] || misuse "this release of $distribution_name has no name; use --suite"
  fi
  ((${#parts[@]} == 0)) || require "${parts[@]}"
}

# get_source: the work folder has the pristine tree.
get_source() {
  step 'Source'
  hold "$cache" 'fetches a source'
  cache_lock=$held
  find_source
  step 'Unpacking'
  if find_pristine; then
    note "unchanged: $work/pristine"
    [[ $fetch_only == yes ]] || claim "$work"
  else
    hold "$builds" 'unpacks a source'
    unpack_source
    release
    note "$work/pristine"
  fi
  exec {cache_lock}>&-
  # QEMU's own releases bring their firmware; only now is it known.
  [[ $fetch_only == yes || -z $source_given || -f $work/pristine/pc-bios/bios-256k.bin ]] ||
    require firmware
}

print_result() {
  local built
  say ''
  say "QEMU $qemu_version with native pinning, from $source_name:"
  for built in "$work"/install/bin/*; do
    say "  $bin/${built##*/}"
  done
  say "  $bin/qemu-pin"
}

# A function, so that bash has read all of this file before it does anything.
main() {
  parse_options "$@"
  check_options
  identify_host
  mkdir -p "$builds" "$cache"
  watch_signals
  [[ $configure_only == no ]] || steps=5
  [[ $fetch_only == no ]] || steps=3
  check_packages
  get_source
  if [[ $fetch_only == yes ]]; then
    say "$work/pristine"
    return 0
  fi
  step "Overlay on QEMU $qemu_version"
  patch_source
  step 'Configuring'
  configure_qemu
  if [[ $configure_only == yes ]]; then
    say "$work/obj"
    return 0
  fi
  step 'Building'
  build_qemu
  step 'Installing'
  install_qemu
  install_qemu_pin
  step 'Proof'
  prove_pinning
  print_result
}

main "$@"
exit 0
