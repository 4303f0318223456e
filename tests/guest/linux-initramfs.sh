#!/usr/bin/env bash
# Makes a Linux guest that boots to user space, tells how many CPUs it has, and
# powers off: Debian's kernel, and an initramfs of busybox and one script.
#
# Prints the path of the kernel and that of the initramfs, a line each. Both are
# kept under $XDG_CACHE_HOME/qemu-pinning/guest. Nothing is installed: packages
# are fetched by apt, which verifies them, and unpacked. x86-64 Debian only.
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

if [[ ! -s $cache/vmlinuz || ! -s $cache/initramfs.gz ]]; then
  for tool in apt-get apt-cache dpkg; do
    command -v "$tool" > /dev/null || fail "$tool is needed, and not here"
  done
  mkdir -p "$cache"
  # In the cache, so that the results can be put in place by renaming them.
  work=$(mktemp -d "$cache/tmp.XXXXXX")
  trap 'rm -rf "$work"' EXIT

  package=$(kernel_package)
  [[ -n $package ]] || fail "apt knows no linux-image-amd64 (try: apt-get update)"
  fetch_and_unpack "$package" "$work/kernel"
  fetch_and_unpack busybox-static "$work/busybox"
  make_initramfs "$work/busybox/root/bin/busybox" "$work/initramfs.gz"
  mv "$work/initramfs.gz" "$cache/initramfs.gz"
  mv "$work"/kernel/root/boot/vmlinuz-* "$cache/vmlinuz"
fi
printf '%s\n' "$cache/vmlinuz" "$cache/initramfs.gz"
