#!/usr/bin/env bats
# docs/examples/libvirt-hook, as libvirt calls it: the CPUs of a captured host are isolated
# while a domain of a real libvirtd's runs.

bats_require_minimum_version 1.5.0

setup() {
  ((EUID == 0)) || skip "isolate must be run by root"
  for program in libvirtd virsh unshare qemu-system-x86_64; do
    command -v $program >/dev/null || skip "$program is not installed"
  done
  load captured
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  host=$BATS_TEST_TMPDIR/host
  make_host "$host"
  # libvirt passes on PATH, and nothing that could say which host.
  mkdir "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/sh\nexec %q "$@" --fsroot %q\n' "${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}" "$host" \
    >"$BATS_TEST_TMPDIR/bin/qemu-pin"
  chmod +x "$BATS_TEST_TMPDIR/bin/qemu-pin"
  export PATH=$BATS_TEST_TMPDIR/bin:$PATH host
  export domain=qemu-pin-hook-$$
  cat >"$BATS_TEST_TMPDIR/domain.xml" <<XML
<domain type='qemu'><name>$domain</name><memory unit='MiB'>32</memory><vcpu>2</vcpu>
<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/></cputune>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<emulator>$(command -v qemu-system-x86_64)</emulator><controller type='usb' model='none'/>
<memballoon model='none'/></devices></domain>
XML
}

teardown() {
  [[ -z ${domain-} ]] || rm -f "/run/libvirt-isolated-$domain"
}

with_libvirtd() { # SCRIPT: run with what it needs as functions
  run "$BATS_TEST_DIRNAME/with-libvirtd" "$top/docs/examples/libvirt-hook" bash -euc "
    virsh() { command virsh --quiet --connect qemu:///system \"\$@\"; }
    wait_until() { for ((i = 0; i < 1800; i++)); do ! \"\$@\" 2>/dev/null || return 0; sleep 0.1; done; return 1; }
    given_back() { [[ ! -e \$host/run/qemu-pin && ! -e /run/libvirt-isolated-\$domain ]]; }
    $1"
  [[ $status != 77 ]] || skip "libvirtd does not start here: $output"
  echo "$output"
  [ "$status" -eq 0 ]
}

@test "the libvirt hook isolates a domain's CPUs while it runs, and gives them back when it ends or is killed" {
  before=$(snapshot "$host")
  # shellcheck disable=SC2016
  with_libvirtd '
    for end in destroy kill; do
      virsh create '"$BATS_TEST_TMPDIR"'/domain.xml
      [[ $(<$host/sys/fs/cgroup/system.slice/cpuset.cpus) == 2-7 ]]
      [[ $(<$host/proc/irq/25/smp_affinity_list) == 0-1 ]]
      if [[ $end == destroy ]]; then
        virsh destroy "$domain"
      else
        kill -KILL "$(</run/libvirt/qemu/$domain.pid)"
      fi
      wait_until given_back
    done'
  diff <(echo "$before") <(snapshot "$host")
}

@test "a domain whose CPUs cannot be isolated does not start" {
  before=$(snapshot "$host")
  "$BATS_TEST_TMPDIR/bin/qemu-pin" isolate 1-2 --only irq
  # shellcheck disable=SC2016
  with_libvirtd '
    ! virsh create '"$BATS_TEST_TMPDIR"'/domain.xml 2>/dev/null || exit 1
    [[ -z $(virsh list --name) ]]'
  "$BATS_TEST_TMPDIR/bin/qemu-pin" restore
  diff <(echo "$before") <(snapshot "$host")
}
