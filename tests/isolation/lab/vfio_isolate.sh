#!/bin/sh
# The examples of vfio-isolate's documentation, with one word changed, on hosts that they fit:
# 32 CPUs with cgroup v2, of systemd's or without; 16 with 2 nodes and v1.
# shellcheck shell=dash disable=SC1091,SC2154
. ./common.sh
. ./vfio_common.sh

# has WHAT TEXT FILE: that is all the file says.
has() { [ "$(cat "$3")" = "$2" ] || fail "$1: $3 says '$(cat "$3")', not '$2'"; }

# runs_on WHAT CPUS PROCESS
runs_on() {
  grep -q "^Cpus_allowed_list:[[:space:]]*$2\$" "/proc/$3/status" ||
    fail "$1: $(grep ^Cpus_allowed_list: "/proc/$3/status")"
}

# no_irq_on WHAT CPUS...: of those that may be moved none is on them.
no_irq_on() {
  local what=$1 list cpu now
  shift
  for list in /proc/irq/[0-9]*/smp_affinity_list; do
    now=$(cat "$list")
    echo "$now" >"$list" 2>/dev/null || continue
    for cpu; do
      expand "$now" | grep -qx "$cpu" && fail "$what: $list: $now"
    done
  done
}

# expand LIST: its CPUs, a line each.
expand() {
  local IFS=, range
  for range in $1; do
    seq "${range%-*}" "${range#*-}"
  done
}

on_v2() {
  local process warned unit ignored
  if [ ! -d /run/systemd/system ]; then
    mkdir "$root/system.slice" "$root/user.slice" "$root/system.slice/sub.service"
    sleep 10000 &
    process=$!
    echo $process >"$root/system.slice/sub.service/cgroup.procs"
  else
    process=$(systemctl show -P MainPID dbus.service)
    warned=$(vfio_isolate irq-affinity add C0 2>&1)
    case $warned in
      *'irqbalance (process '*') runs'*) ;;
      *) fail "irqbalance: $warned" ;;
    esac
    systemctl stop irqbalance
  fi
  snapshot before

  echo '== the hook'
  mkdir -p /var/run/libvirt/qemu
  expect prepare ./vfio_hook.sh guest prepare begin -
  has 'the hook' 0-6,16-22 "$root/system.slice/cpuset.cpus"
  has 'the hook' 0-6,16-22 "$root/user.slice/cpuset.cpus"
  runs_on 'the hook' 0-6,16-22 "$process"
  no_irq_on 'the hook' 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
  [ "$(stat -c %a /var/run/libvirt/qemu/vfio-isolate-undo.bin)" = 600 ] || fail 'others may read the file'
  expect release ./vfio_hook.sh guest release end -
  all_is 'after the hook'
  expect 'release once more' ./vfio_hook.sh guest release end -
  runs_on 'after the hook' 0-31 "$process"
  [ ! -e /var/run/libvirt/qemu/vfio-isolate-undo.bin ] || fail 'the undo file is left'

  echo '== two slices, for good'
  expect modify vfio_isolate \
    cpuset-modify --cpus C0-6,16-22 /system.slice \
    cpuset-modify --cpus C0-6,16-22 /user.slice
  has modify 0-6,16-22 "$root/user.slice/cpuset.cpus"
  [ ! -e /run/qemu-pin ] || fail 'what need not be undone is still known'
  if [ -d /run/systemd/system ]; then
    [ "$(systemctl show -P AllowedCPUs user.slice)" = '0-6 16-22' ] || fail 'systemd does not know'
    for unit in system.slice user.slice; do
      systemctl set-property --runtime $unit AllowedCPUs=
      rm -r /run/systemd/system.control/$unit.d
    done
    rmdir /run/systemd/system.control
    systemctl daemon-reload
  else
    echo -cpuset >"$root/cgroup.subtree_control"
  fi
  all_is 'after that was undone by hand'
  in_common
  if [ ! -d /run/systemd/system ]; then
    echo '== a controller that was enabled before'
    echo +cpuset >"$root/cgroup.subtree_control"
    expect modify vfio_isolate -u /tmp/undo cpuset-modify --cpus C0-6,16-22 /system.slice
    runs_on modify 0-6,16-22 "$process"
    # 1: the kernel refuses to have a group inherit again that has processes.
    vfio_isolate restore /tmp/undo
    [ $? -le 1 ] || fail 'restore where the controller was enabled'
    runs_on restore 0-31 "$process"
    echo -cpuset >"$root/cgroup.subtree_control"
    all_is 'after the controller was enabled'
  fi
  ignored=$(vfio_isolate -u /tmp/undo cpuset-create --cpus C1 -ce --no-mem-exclusive /test.slice 2>&1)
  case $ignored in
    *'--cpu-exclusive is of cgroup v1'*'--no-mem-exclusive is of cgroup v1'*) ;;
    *) fail "flags of v1: $ignored" ;;
  esac
  expect restore vfio_isolate restore /tmp/undo
  all_is 'after a group with flags of v1'
}

on_v1() {
  sleep 10000 &
  local process=$! tasks pair
  mkdir "$root/old"
  echo 1-3 >"$root/old/cpuset.cpus"
  echo 0-1 >"$root/old/cpuset.mems"
  echo 1 >"$root/old/cpuset.memory_migrate"
  echo $process >"$root/old/tasks"
  snapshot before
  tasks=$(sort "$root/tasks" | wc -l)

  echo '== a group for all tasks'
  expect create vfio_isolate \
    cpuset-create --cpus C0-1,6-7 /host.slice \
    move-tasks / /host.slice
  has create 0-1,6-7 "$root/host.slice/cpuset.cpus"
  has create "$(cat "$root/cpuset.mems")" "$root/host.slice/cpuset.mems"
  runs_on create 0-1,6-7 $$
  runs_on 'what was not in the root' 1-3 $process
  expect delete vfio_isolate \
    cpuset-delete /host.slice
  runs_on delete 0-15 $$
  all_is 'after it was deleted'

  echo '== the same by nodes'
  expect 'create by node' vfio_isolate -u /tmp/undo \
    cpuset-create --cpus N0 --mems N0 -mm /host.slice \
    move-tasks / /host.slice
  has 'create by node' "$(cat /sys/devices/system/node/node0/cpulist)" "$root/host.slice/cpuset.cpus"
  has 'create by node' 0 "$root/host.slice/cpuset.mems"
  has 'create by node' 1 "$root/host.slice/cpuset.memory_migrate"
  expect 'restore nodes' vfio_isolate restore /tmp/undo
  runs_on restore 0-15 $$
  all_is 'after nodes'
  [ "$(sort "$root/tasks" | wc -l)" -ge $((tasks - 5)) ] || fail 'tasks have not come back'

  echo '== a group that was there is deleted, and comes back'
  expect delete vfio_isolate -u /tmp/undo cpuset-delete /old
  [ ! -e "$root/old" ] || fail 'it is there still'
  runs_on 'in the parent' 0-15 $process
  expect restore vfio_isolate restore /tmp/undo
  grep -qx $process "$root/old/tasks" || fail 'its process has not come back'
  runs_on 'in it again' 1-3 $process
  all_is 'after a group was deleted'

  echo '== tasks between groups that are there'
  expect move vfio_isolate -u /tmp/undo cpuset-create --cpus C4 /a move-tasks /old /a
  runs_on move 4 $process
  expect restore vfio_isolate restore /tmp/undo
  runs_on 'back' 1-3 $process
  all_is 'after tasks were moved'

  echo '== flags'
  expect flags vfio_isolate -u /tmp/undo cpuset-modify -nlb / cpuset-modify --mems N0 /old \
    cpuset-create --cpus C4-5 --mems N1 -ce --mem-exclusive --mem-migrate --no-sched-load-balance /x
  for pair in cpu_exclusive=1 mem_exclusive=1 memory_migrate=1 sched_load_balance=0; do
    has flags "${pair#*=}" "$root/x/cpuset.${pair%=*}"
  done
  has flags 0 "$root/cpuset.sched_load_balance"
  expect 'restore flags' vfio_isolate restore /tmp/undo
  all_is 'after flags'
  in_common
}

in_common() {
  echo '== what is undone'
  expect create vfio_isolate -u /tmp/undo_description \
    cpuset-create --cpus C1-4 /test.slice
  has create 1-4 "$root/test.slice/cpuset.cpus"
  sleep 10000 &
  local process=$!
  echo $process >"$root/test.slice/cgroup.procs"
  expect restore vfio_isolate restore /tmp/undo_description
  [ ! -e "$root/test.slice" ] || fail 'the group is there still'
  kill $process 2>/dev/null || fail 'its process has gone with it'
  all_is 'after a group'
  expect irq vfio_isolate -u /tmp/undo_irq irq-affinity mask C2-5,8-11
  no_irq_on mask 2 3 4 5 8 9 10 11
  expect restore vfio_isolate restore /tmp/undo_irq
  [ ! -e /tmp/undo_irq ] || fail 'the undo file is left'
  all_is 'after interrupts'

  echo '== what fails: a lab has no governors'
  vfio_isolate -u /tmp/undo_gov irq-affinity mask C2 cpu-governor performance C2-5,8-11 2>/results/governor
  [ $? = 2 ] || fail 'a governor was set where there is none'
  grep -q 'CPU 2 has no frequency governor.*everything is as it was' /results/governor || fail "$(cat /results/governor)"
  [ ! -e /tmp/undo_gov ] || fail 'an undo file of nothing'
  all_is 'after what failed'

  echo '== somebody else'
  expect irq vfio_isolate -u /tmp/undo_irq irq-affinity mask C2
  local was
  was=$(sed -n 's|^/proc/irq/4/smp_affinity_list:||p' /results/before.files)
  echo 7 >/proc/irq/4/smp_affinity_list
  vfio_isolate restore /tmp/undo_irq 2>/results/left
  [ $? = 1 ] || fail 'restore has not told what it left alone'
  grep -q 'left alone: /proc/irq/4/' /results/left || fail "$(cat /results/left)"
  has 'somebody else' 7 /proc/irq/4/smp_affinity_list
  echo "$was" >/proc/irq/4/smp_affinity_list
  all_is 'after somebody else'
}

if is_v1; then on_v1; else on_v2; fi
finish
