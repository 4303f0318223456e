# What the lab's scripts about vfio-isolate share, after common.sh.
# shellcheck shell=dash disable=SC2034

vfio_isolate() { qemu-pin vfio-isolate "$@"; }

root=$(cpuset_root)

# all_is WHAT: as it was when "before" was taken.
all_is() {
  files_now >/results/after.files
  diff /results/before.files /results/after.files || fail "$1: something has changed"
  [ ! -e /run/qemu-pin ] || fail "$1: /run/qemu-pin is left: $(ls -R /run/qemu-pin)"
}
