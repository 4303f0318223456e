# shellcheck shell=bash disable=SC2034,SC2154
# Requirements: what the parts that scripts/packages names need, what of it is missing,
# and the installing of the missing packages.

# os_release FIELD: what the host says of itself.
os_release() {
  # shellcheck source=/dev/null
  (. /etc/os-release && printf '%s' "${!1:-}")
}

# Sets `distribution` (debian, fedora, arch, or unknown), its `distribution_name`,
# `host_suite`, and `tested`, whether this script was tried there.
identify_host() {
  local kind
  [[ $(uname -s) == Linux ]] ||
    fail "the host is $(uname -s); threads can be pinned, and this be built, on Linux only"
  distribution=unknown distribution_name=unknown tested=no host_suite=
  [[ -r /etc/os-release ]] || return 0
  distribution_name=$(os_release PRETTY_NAME)
  host_suite=$(os_release VERSION_CODENAME)
  for kind in $(os_release ID) $(os_release ID_LIKE); do
    case $kind in
      debian | ubuntu) distribution=debian ;;
      fedora | rhel) distribution=fedora ;;
      arch) distribution=arch ;;
      *) continue ;;
    esac
    break
  done
  [[ $distribution_name != 'Debian GNU/Linux 12 '* ]] || tested=yes
}

has_requirement() {
  local path
  case $1 in
    command) command -v "$2" ;;
    module) /usr/bin/python3 -c "import $2" ;;
    pkg) pkg-config --exists "$2" ;;
    header) printf '#include <%s>\n' "$2" | gcc -E - ;;
    file)
      for path in ${2//|/ }; do
        [[ ! -e $path ]] || return 0
      done
      return 1
      ;;
    package) [[ $(dpkg-query -W -f '${Status}' "$2") == *'ok installed' ]] ;;
  esac >/dev/null 2>&1
}

# is_for PARTS PART...: whether one of the parts is among PARTS, which have commas between.
is_for() {
  local part
  for part in "${@:2}"; do
    [[ ,$1, != *",$part,"* ]] || return 0
  done
  return 1
}

# find_missing PART...: sets `missing_things` and `missing_packages`.
find_missing() {
  local kind thing parts debian fedora arch package
  missing_things=() missing_packages=()
  while read -r kind thing parts debian fedora arch; do
    is_for "$parts" "$@" || continue
    ! has_requirement "$kind" "$thing" || continue
    missing_things+=("$thing")
    case $distribution in
      debian) package=$debian ;;
      fedora) package=$fedora ;;
      arch) package=$arch ;;
      *) package=- ;;
    esac
    [[ $package == - || " ${missing_packages[*]} " == *" $package "* ]] ||
      missing_packages+=("$package")
  done < <(grep -v '^#' "$top/scripts/packages")
}

# Says what is missing and gives up.
fail_missing() {
  printf '%s: %s\n' "$program" "$1" >&2
  printf '  missing: %s\n' "${missing_things[*]}" >&2
  ((${#missing_packages[@]} == 0)) ||
    printf '  packages that have it: %s\n' "${missing_packages[*]}" >&2
  exit 2
}

# require PART...: all that the parts need is there afterwards, or the run ends.
require() {
  local as_root=()
  find_missing "$@"
  if ((${#missing_things[@]} == 0)); then
    note 'nothing is missing'
    return 0
  fi
  [[ $install_packages == yes ]] ||
    fail_missing 'something is missing, and --no-deps forbids to install it'
  [[ $distribution != unknown ]] ||
    fail_missing "no package list for this distribution ($distribution_name): install these yourself, then use --no-deps --source"
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail_missing 'packages must be installed, and this is neither root nor is there sudo'
    as_root=(sudo)
  fi
  note "to be installed: ${missing_packages[*]}"
  [[ $tested == yes ]] || note "(this package list is untested on $distribution_name)"
  install_missing
  find_missing "$@"
  ((${#missing_things[@]} == 0)) ||
    fail_missing 'something is still missing after its package was installed'
}

# Installs `missing_packages` by way of `as_root`.
install_missing() {
  local log=$builds/packages.log
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=600)
  : >"$log"
  ((EUID == 0)) || sudo -n true 2>/dev/null || sudo -v || fail 'sudo was refused; packages must be installed'
  case $distribution in
    debian)
      # What an earlier run that was cut short left half-installed stops apt.
      [[ -z $(dpkg --audit 2>/dev/null) && -z $(ls /var/lib/dpkg/updates 2>/dev/null) ]] ||
        logged "$log" 'repairing dpkg' "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive dpkg --configure -a
      logged "$log" 'apt-get update' "${as_root[@]}" "${apt[@]}" update
      logged "$log" 'installing packages' \
        "${as_root[@]}" "${apt[@]}" install --no-install-recommends "${missing_packages[@]}"
      ;;
    fedora) logged "$log" 'installing packages' "${as_root[@]}" dnf install -y "${missing_packages[@]}" ;;
    arch) logged "$log" 'installing packages' "${as_root[@]}" pacman -S --needed --noconfirm "${missing_packages[@]}" ;;
  esac
}
