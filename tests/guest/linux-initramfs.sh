#!/usr/bin/env bash
# Makes a Linux guest that boots to user space, tells how many CPUs it has, and
# powers off: Debian's kernel, and an initramfs of busybox and one script.
#
# Prints the path of the kernel and that of the initramfs, a line each. With
# --parts [MODULE]... it prints instead what else can be made of the same kernel:
# the kernel, unpacked where that can be done (QEMU starts it by its PVH entry, which
# saves the guest 5 s of unpacking it under TCG), a static busybox, and the named
# modules (`virtio_blk`), each a line.
#
# All are kept under $XDG_CACHE_HOME/qemu-pinning/guest. Nothing is installed:
# packages are fetched by apt, which verifies them, and unpacked. x86-64 Debian only.
#
# SPDX-License-Identifier: GPL-2.0-or-later
set -euo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/qemu-pinning/guest

fail() {
  printf 'linux-initramfs.sh: %s\n' "$1" >&2
  exit 1
}

# The package that the metapackage stands for: linux-image-6.1.0-56-amd64.
kernel_package() {
  apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1
}

fetch_and_unpack() { # PACKAGE FOLDER
  mkdir "$2"
  # User _apt, whom apt would download as, cannot write in here.
  (cd "$2" && apt-get -qq -o APT::Sandbox::User=root download "$1") || fail "apt cannot download $1"
  dpkg -x "$2"/*.deb "$2/root"
}

write_init() { # FILE
  cat > "$1" << 'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "user space with $(/bin/busybox grep -c ^processor /proc/cpuinfo) CPUs"
/bin/busybox poweroff -f
INIT
  chmod 755 "$1"
}

make_initramfs() { # BUSYBOX FILE
  local tree=$work/tree
  mkdir -p "$tree"/{bin,proc,dev}
  install -m 755 "$1" "$tree/bin/busybox"
  write_init "$tree/init"
  (cd "$tree" && find . | "$1" cpio -o -H newc --quiet 2> "$work/cpio.log" | gzip -1) > "$2" ||
    fail "cpio: $(cat "$work/cpio.log")"
}

number_at() { # BYTES OFFSET FILE
  od -An -v -t "u$1" -j "$2" -N "$1" "$3" | tr -d ' '
}

# The ELF file inside a bzImage, by the boot protocol's header (the kernel's
# Documentation/x86/boot.rst): setup_sects, payload_offset, payload_length. A kernel
# that is not compressed by xz stays as it is.
unpack_kernel() { # VMLINUZ FILE
  local sectors start length
  sectors=$(number_at 1 $((0x1f1)) "$1")
  start=$(((sectors + 1) * 512 + $(number_at 4 $((0x248)) "$1")))
  length=$(number_at 4 $((0x24c)) "$1")
  # Behind the payload's xz stream are four bytes of its unpacked size.
  if ! dd if="$1" iflag=skip_bytes,count_bytes bs=1M skip="$start" count=$((length - 4)) status=none |
    xz -dc > "$2" 2> /dev/null; then
    cp "$1" "$2"
  fi
}

# The modules are named here, for the unpacked package has 300 MB of them.
fetch_all() { # [MODULE]...
  local package module tool
  for tool in apt-get apt-cache dpkg; do
    command -v "$tool" > /dev/null || fail "$tool is needed, and not here"
  done
  # In the cache, so that the results can be put in place by renaming them.
  work=$(mktemp -d "$cache/tmp.XXXXXX")
  trap 'rm -rf "$work"' EXIT

  package=$(kernel_package)
  [[ -n $package ]] || fail "apt knows no linux-image-amd64 (try: apt-get update)"
  fetch_and_unpack "$package" "$work/kernel"
  fetch_and_unpack busybox-static "$work/busybox"
  make_initramfs "$work/busybox/root/bin/busybox" "$work/initramfs.gz"
  unpack_kernel "$work"/kernel/root/boot/vmlinuz-* "$work/vmlinux"
  mkdir "$work/modules"
  for module; do
    find "$work/kernel/root" -name "$module.ko" -exec cp -t "$work/modules" {} +
    [[ -s $work/modules/$module.ko ]] || fail "$package has no module $module"
  done

  rm -rf "$cache/modules"
  mv "$work/modules" "$work/vmlinux" "$work/initramfs.gz" "$work/busybox/root/bin/busybox" "$cache/"
  mv "$work"/kernel/root/boot/vmlinuz-* "$cache/vmlinuz"
}

parts=no
if [[ ${1:-} == --parts ]]; then
  parts=yes
  shift
fi

mkdir -p "$cache"
exec {lock}> "$cache/.lock"
flock "$lock"
if [[ $parts == no ]]; then
  wanted=("$cache/vmlinuz" "$cache/initramfs.gz")
else
  wanted=("$cache/vmlinux" "$cache/busybox")
  for module; do wanted+=("$cache/modules/$module.ko"); done
fi
for file in "${wanted[@]}"; do
  [[ -s $file ]] && continue
  fetch_all "$@"
  break
done
printf '%s\n' "${wanted[@]}"
