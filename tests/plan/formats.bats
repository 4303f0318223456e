#!/usr/bin/env bats
# What other programs make of a plan: libvirt of its XML, lstopo of the picture.

setup() {
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  program=$(realpath -m "${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}")
  [[ -x $program ]] || skip "$program has not been built"
  host='pack:1 l3:2 core:4 pu:2(indexes=2*8:8*1)'
  cd "$BATS_TEST_TMPDIR" || return
}

plan() { "$program" plan --synthetic "$host" "$@"; }

needs() {
  command -v "$1" >/dev/null || skip "$1 is not installed (Debian's package $2)"
}

# domain NAME ARGUMENT...: a domain for libvirt's test driver with the plan in it.
domain() {
  local name=$1
  shift
  {
    printf '%s\n' "<domain type='test'>" "<name>$name</name>" "<memory unit='MiB'>64</memory>"
    plan --quiet --format libvirt "$@"
    printf '%s\n' "<os><type arch='x86_64'>hvm</type></os>" '</domain>'
  } >"$name.xml"
}

# Plans with and without pins of each kind.
write_domains() {
  domain whole --all
  domain reserved --reserve-cores 1
  domain iothreads --vcpus 4 --reserve-cores 1 --iothreads 2 --disks 3
  domain one-per-core --one-per-core
  domain odd --vcpus 5
}

@test "libvirt's schema has the elements of a plan" {
  needs virt-xml-validate libvirt-clients
  needs xmllint libxml2-utils
  write_domains
  for file in *.xml; do
    run virt-xml-validate "$file" domain
    if [[ $output == *'.rng'* && $output == *'failed to load'* ]]; then
      skip "libvirt's schemas are not installed (Debian's package libvirt0)"
    fi
    [[ $status -eq 0 ]] || { echo "$file: $output"; false; }
  done
}

@test "libvirt defines a domain with a plan, and keeps its pins" {
  needs virsh libvirt-clients
  write_domains
  for file in *.xml; do
    name=${file%.xml}
    # The test driver forgets what it was told when virsh ends.
    run virsh -c test:///default "define $file; dumpxml $name"
    [[ $status -eq 0 ]] || { echo "$file: $output"; false; }
    grep -E "<(vcpupin|emulatorpin|iothreadpin) " "$file" | while read -r pin; do
      [[ $output == *"$pin"* ]] || { echo "$file: $pin is not in $output"; false; }
    done
  done
}

@test "a picture names each vCPU on its CPU, in the guest's colour" {
  needs lstopo hwloc
  run plan --vcpus 4 --reserve-cores 1 --iothreads 1 --draw host.svg
  [[ $status -eq 0 ]]
  for vcpu in 0 1 2 3; do
    grep -q "vCPU $vcpu" host.svg
  done
  grep -q 'io0' host.svg
  # #1b7837, the guest's, on its CPUs and in the legend.
  [[ $(grep -c 'rgb(27,120,55)' host.svg) -ge 4 ]]
}

@test "a picture is a PNG where its name says so" {
  needs lstopo hwloc
  run plan --vcpus 4 --draw host.png
  [[ $status -eq 0 ]]
  [[ $(head -c 8 host.png | od -An -tx1) == ' 89 50 4e 47 0d 0a 1a 0a' ]]
}

@test "a picture leaves nothing else in its folder" {
  needs lstopo hwloc
  mkdir pictures
  plan --quiet --draw pictures/host.svg
  [[ $(ls -A pictures) == host.svg ]]
}

@test "without lstopo there is no picture, no plan, and the old picture stays" {
  mkdir empty
  echo old >host.svg
  PATH=$PWD/empty run "$program" plan --synthetic "$host" --draw host.svg
  [[ $status -eq 2 ]]
  [[ $output == 'qemu-pin: lstopo, which draws the picture, is not installed (Debian'"'"'s package hwloc)' ]]
  [[ $(<host.svg) == old ]]
  [[ -z $(find . -name '.qemu-pin-*') ]]
}

@test "a picture that lstopo fails at leaves the old one" {
  mkdir false
  printf '#!/bin/sh\nexit 3\n' >false/lstopo
  chmod +x false/lstopo
  echo old >host.svg
  PATH=$PWD/false:$PATH run plan --draw host.svg
  [[ $status -eq 2 ]]
  [[ $output == *'lstopo could not draw host.svg (status 3)'* ]]
  [[ $(<host.svg) == old ]]
}

@test "a picture needs a folder that is there" {
  run plan --draw missing/host.svg
  [[ $status -eq 2 ]]
  [[ $output == 'qemu-pin: missing/host.svg: No such file or directory' ]]
}

@test "a picture needs a name that says its kind" {
  run plan --draw host
  [[ $status -eq 2 ]]
  [[ $output == 'qemu-pin: host: the name of a picture ends in its kind: .svg or .png' ]]
}

@test "a plan that was kept is printed in any format, as if just made" {
  plan --quiet --vcpus 6 --reserve-cores 1 --iothreads 2 --disks 2 --json >plan.json
  for format in qemu json libvirt cloud-hypervisor crosvm; do
    plan --quiet --vcpus 6 --reserve-cores 1 --iothreads 2 --disks 2 --format "$format" >made.txt
    "$program" plan --quiet --read plan.json --format "$format" >read.txt
    diff made.txt read.txt
    "$program" plan --quiet --read - --format "$format" <plan.json >read.txt
    diff made.txt read.txt
  done
}

@test "a format's gaps are named on standard error" {
  plan --quiet --vcpus 2 --reserve-cores 1 --json >plan.json
  run "$program" plan --read plan.json --format crosvm
  [[ $status -eq 0 ]]
  [[ ${lines[0]} == 'missing crosvm pins vCPUs only: start it under taskset --cpu-list '* ]]
}

@test "a damaged plan is refused with its file and the piece" {
  plan --quiet --vcpus 2 --json | sed 's/"threads": 2/"threads": 3/' >plan.json
  run "$program" plan --read plan.json
  [[ $status -eq 2 ]]
  [[ $output == 'qemu-pin: plan.json: smp: cpus is not sockets * cores * threads' ]]
  run "$program" plan --read missing.json
  [[ $status -eq 2 ]]
  [[ $output == 'qemu-pin: missing.json: No such file or directory' ]]
}
