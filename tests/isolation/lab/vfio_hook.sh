#!/bin/sh
# A libvirt hook for a host of 32 CPUs, of the kind that vfio-isolate's documentation shows,
# with one word changed: "qemu-pin vfio-isolate". Arguments as libvirt gives them: GUEST WHEN...
host_cpus=0-6,16-22
guest_cpus=8-15,24-31
undo_file=/var/run/libvirt/qemu/vfio-isolate-undo.bin

case "$2" in
  prepare)
    qemu-pin vfio-isolate \
      -u $undo_file \
      drop-caches \
      cpuset-modify --cpus C$host_cpus /system.slice \
      cpuset-modify --cpus C$host_cpus /user.slice \
      compact-memory \
      irq-affinity mask C$guest_cpus
    ;;
  release)
    qemu-pin vfio-isolate restore $undo_file
    ;;
esac
