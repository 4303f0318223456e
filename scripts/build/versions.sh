# shellcheck shell=bash disable=SC2154
# The QEMUs that the overlay is kept for, from scripts/qemu-versions.

# known_versions USE: a line `VERSION SUITE...` for each of those, or for `all`.
known_versions() {
  awk -v use="$1" '!/^#/ && NF > 2 && (use == "all" || $2 == use) { $2 = ""; $0 = $0; $1 = $1; print }' \
    "$top/scripts/qemu-versions"
}
