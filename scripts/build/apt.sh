# shellcheck shell=bash disable=SC2034,SC2154
# A private apt: lists and configuration of its own in the cache, made from the
# system's own entries, so that sources and other suites can be had without
# touching the system, and without root. Apt's signatures vouch for all it gives.

# host_entries: the URI and the release of each of the system's entries of the
# distribution's own archive, in either format.
host_entries() {
  # Apt expands these names itself. An entry never fetched has no origin yet.
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk -v own="$(os_release ID)" \
      '$3 == "main" && $1 !~ /^cdrom:/ && (NF == 3 || tolower($4) == own) { print $1, $2 }' | sort -u
}

# archive_lines TYPE SUITE: sources.list lines (deb, deb-src) for SUITE. The
# host's own release comes with its updates and security entries; any other
# suite from the mirror that the host's release comes from.
archive_lines() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed='' uri release mirror='' lines=()
  [[ $(os_release ID) != debian || ! -f $keyring ]] ||
    signed="[signed-by=$keyring] "
  while read -r uri release; do
    [[ -n $mirror && $release != "$host_suite" ]] || mirror=$uri
    case $release in
      "$2" | "$2-updates" | "$2-security") lines+=("$1 $signed$uri $release main") ;;
    esac
  done < <(host_entries)
  [[ -n $mirror ]] || fail 'apt knows no archive of this distribution: no entry with the component main'
  ((${#lines[@]} > 0)) || lines=("$1 $signed$mirror $2 main")
  printf '%s\n' "${lines[@]}"
}

# private_apt NAME: sets `apt_folder` and `apt_options` of the private apt NAME.
private_apt() {
  apt_folder=$cache/apt/$1
  apt_options=(-c "$apt_folder/apt.conf" -o "APT::Update::Error-Mode=any")
}

# update_lists NAME TYPE SUITE...: fetches the lists of the private apt NAME; its status.
update_lists() {
  local name=$1 type=$2 suite
  shift 2
  private_apt "$name"
  mkdir -p "$apt_folder/parts" "$apt_folder/lists/partial" "$apt_folder/cache/archives/partial"
  for suite; do archive_lines "$type" "$suite"; done >"$apt_folder/sources.list"
  # As root apt would fetch as the user _apt, who cannot see root's home.
  cat >"$apt_folder/apt.conf" <<CONFIG
Dir::Etc::sourcelist "$apt_folder/sources.list";
Dir::Etc::sourceparts "$apt_folder/parts";
Dir::Etc::preferencesparts "$apt_folder/parts";
Dir::State::Lists "$apt_folder/lists";
Dir::State::status "/dev/null";
Dir::Cache "$apt_folder/cache";
APT::Sandbox::User "$(id -un)";
CONFIG
  attempt "$cache/apt.log" apt-get "${apt_options[@]}" -q update
}

# unfetched LOG: the last reasons that apt gave in LOG for not fetching something.
unfetched() {
  grep -E '^[EW]: ' "$1" | grep -viE 'some (index files|archives)' | sort -u | tail -n 4 | sed 's/^[EW]: */  /' || true
}
