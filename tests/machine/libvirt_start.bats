#!/usr/bin/env bats
# shellcheck disable=SC2016
# A patched QEMU as the <emulator> of a real libvirtd's domain, with pins in
# <qemu:commandline>. libvirt starts QEMU with -S, gives every thread the CPUs of <cputune>,
# or all CPUs, and continues: the pins hold, or the guest does not start.
#
# QEMU_PINNING_BINARIES names the QEMUs, with colons between.

bats_require_minimum_version 1.5.0

setup() {
  ((EUID == 0)) || skip "a libvirtd of one's own needs root"
  for program in libvirtd virsh unshare; do
    command -v $program >/dev/null || skip "$program is not installed"
  done
  [[ -n ${QEMU_PINNING_BINARIES-} ]] || skip "QEMU_PINNING_BINARIES names no QEMU"
  mapfile -t cpus < <(taskset -cp $$ | sed 's/.*: //' | tr , '\n' | awk -F- '{ for (i = $1; i <= (NF > 1 ? $2 : $1); i++) print i }')
  ((${#cpus[@]} > 1)) || skip "two host CPUs are needed"
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  export a=${cpus[0]} b=${cpus[1]} domain=qemu-pin-start-$$ files=$BATS_TEST_TMPDIR
  qemu_pin=$(realpath "${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}")
  export qemu_pin
}

# domain_xml QEMU CPUTUNE: vCPU 0 is asked to be on $b, all else on $a.
domain_xml() {
  cat <<XML
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
<name>$domain</name><memory unit='MiB'>32</memory><vcpu>2</vcpu><iothreads>1</iothreads>
<cputune>$2</cputune><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices>
<emulator>$1</emulator><controller type='usb' model='none'/><memballoon model='none'/></devices>
<qemu:commandline>
<qemu:arg value='-vcpu'/><qemu:arg value='0,affinity=$b'/>
<qemu:arg value='-vcpu'/><qemu:arg value='1,affinity=$a'/>
<qemu:arg value='-iothreadpin'/><qemu:arg value='iothread1,affinity=$a'/>
<qemu:arg value='-emulatorpin'/><qemu:arg value='affinity=$a'/>
</qemu:commandline></domain>
XML
}
agreeing() {
  echo "<vcpupin vcpu='0' cpuset='$b'/><vcpupin vcpu='1' cpuset='$a'/><emulatorpin cpuset='$a'/><iothreadpin iothread='1' cpuset='$a'/>"
}
differing() { agreeing | sed "s/vcpu='0' cpuset='$b'/vcpu='0' cpuset='$a'/"; }

# with_libvirtd SANDBOX CPUTUNE SCRIPT: for each QEMU, SCRIPT with the domain in $files/xml.
with_libvirtd() {
  local qemu qemus
  IFS=: read -ra qemus <<<"$QEMU_PINNING_BINARIES"
  for qemu in "${qemus[@]}"; do
    qemu=$(realpath "$qemu")
    domain_xml "$qemu" "$2" >"$files/xml"
    # shellcheck disable=SC2016
    run env LIBVIRT_QEMU_CONF="seccomp_sandbox = $1" "$BATS_TEST_DIRNAME/../isolation/with-libvirtd" /bin/true bash -euc '
      virsh() { command virsh --quiet --connect qemu:///system "$@"; }
      log() { cat "/var/log/libvirt/qemu/$domain.log"; }
      verify() { "$qemu_pin" verify --quiet --for 0.01 --name "$domain"; }
      pinning() { virsh qemu-monitor-command "$domain" --hmp info pinning | tr -d "\r" | awk "NR > 1 && NF { print \$1, \$5 }"; }
      as_asked() {
        verify
        diff <(pinning) <(printf "%s\n" "emulator $a" "vcpu[0] $b" "vcpu[1] $a" "iothread[iothread1] $a")
      }
      wait_until() { for ((i = 0; i < 600; i++)); do ! "$@" || return 0; sleep 0.1; done; return 1; }
      trap "virsh destroy $domain 2>/dev/null || true; virsh managedsave-remove $domain 2>/dev/null || true; virsh undefine $domain 2>/dev/null || true" EXIT
      '"$3"
    [[ $status != 77 ]] || skip "libvirtd does not start here: $output"
    echo "$qemu: $output"
    [[ $status == 0 ]] || return 1
  done
}

# Each way in which a guest of libvirt's comes to run.
every_start='
  virsh define $files/xml
  virsh start "$domain"
  as_asked
  virsh suspend "$domain"
  as_asked
  virsh resume "$domain"
  as_asked
  virsh reset "$domain"
  as_asked
  virsh managedsave "$domain"
  virsh start "$domain"
  as_asked'

put_back='
  log | grep ": put back"'

refused='
  virsh define $files/xml
  ! virsh start "$domain" 2>$files/error || exit 1
  cat $files/error
  grep -E "qemu-system-x86_64: -vcpu 0,affinity=$b: vCPU 0 \(thread [0-9]+\): asked host CPU $b, found host CPUs? .*: -sandbox resourcecontrol=deny forbids it; .* libvirt with <vcpupin vcpu=.0. cpuset=.$b./> \(qemu-pin plan --format libvirt prints it\)" $files/error
  [[ -z $(virsh list --name) ]]'

@test "sandboxed, with <vcpupin> that agrees: the guest is pinned at every start, and QEMU says nothing" {
  # shellcheck disable=SC2016
  with_libvirtd 1 "$(agreeing)" "$every_start"'
    ! log | grep "thread [0-9]" || exit 1'
}

@test "sandboxed, with <vcpupin> that differs: the guest does not start, and libvirt passes on why" {
  with_libvirtd 1 "$(differing)" "$refused"
}

@test "sandboxed, without <vcpupin>: the guest does not start, and libvirt passes on why" {
  with_libvirtd 1 "<emulatorpin cpuset='$a'/><iothreadpin iothread='1' cpuset='$a'/>" "$refused"
}

@test "not sandboxed, with <vcpupin> that agrees: the guest is pinned at every start, and QEMU says nothing" {
  # shellcheck disable=SC2016
  with_libvirtd 0 "$(agreeing)" "$every_start"'
    ! log | grep "thread [0-9]" || exit 1'
}

@test "not sandboxed, with <vcpupin> that differs: QEMU puts its threads back at every start" {
  with_libvirtd 0 "$(differing)" "$every_start$put_back"
}

@test "not sandboxed, without <cputune>: QEMU puts its threads back at every start" {
  with_libvirtd 0 '' "$every_start$put_back"
}

@test "what virsh vcpupin changes while the guest runs, verify reports and the next start puts back" {
  # shellcheck disable=SC2016
  with_libvirtd 0 "$(agreeing)" '
    virsh create $files/xml
    virsh vcpupin "$domain" 0 "$a"
    ! verify || exit 1
    pinning | grep "^vcpu.0. $a$"
    virsh suspend "$domain"
    virsh resume "$domain"
    as_asked'
}

@test "what virsh vcpupin changes while a sandboxed guest runs stays so, and QEMU warns of it once" {
  # shellcheck disable=SC2016
  with_libvirtd 1 "$(agreeing)" '
    virsh create $files/xml
    virsh vcpupin "$domain" 0 "$a"
    for round in 1 2; do
      virsh suspend "$domain"
      virsh resume "$domain"
    done
    ! verify || exit 1
    pinning | grep "^vcpu.0. $a$"
    [[ $(log | grep -c "warning: .*vCPU 0 (thread") == 1 ]]'
}
