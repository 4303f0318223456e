#!/usr/bin/env bats
# shellcheck disable=SC2086,SC2089,SC2090
# The journal: what is in it, who may touch it, and that whatever happens between two writes,
# restore brings back every byte.

bats_require_minimum_version 1.5.0

setup_file() {
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  export qemu_pin=${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}
}

setup() {
  ((EUID == 0)) || skip "isolate must be run by root"
  load captured
  host=$BATS_TEST_TMPDIR/host
  make_host "$host"
  journal=$host/run/qemu-pin/journal.json
  all=(--only "cpuset,irq,kthreads,governor,caches,compact,timer-migration,watchdog,rt-runtime" --irq-to-guest vfio)
}

isolate() { "$qemu_pin" isolate --fsroot "$host" "$@"; }
restore() { "$qemu_pin" restore --fsroot "$host" "$@"; }

@test "isolating and restoring leaves every byte as it was" {
  before=$(snapshot "$host")
  isolate 2-3 "${all[@]}"
  [ "$(snapshot "$host")" != "$before" ]
  restore
  diff <(echo "$before") <(snapshot "$host")
}

@test "what isolating changes is what it says" {
  isolate 2-3 "${all[@]}"
  [ "$(cat "$host/sys/fs/cgroup/system.slice/cpuset.cpus")" = 0-1,4-7 ]
  [ "$(cat "$host/sys/fs/cgroup/user.slice/cpuset.cpus")" = 0-1 ]
  [ -z "$(cat "$host/sys/fs/cgroup/machine.slice/cpuset.cpus")" ]
  [ "$(cat "$host/proc/irq/0/smp_affinity_list")" = 0-1,4-7 ]
  [ "$(cat "$host/proc/irq/24/smp_affinity_list")" = 0-1,4-7 ]
  [ "$(cat "$host/proc/irq/25/smp_affinity_list")" = 2-3 ]
  [ "$(cat "$host/proc/irq/default_smp_affinity")" = f3 ]
  [ "$(cat "$host/sys/devices/virtual/workqueue/cpumask")" = f3 ]
  [ "$(cat "$host/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor")" = performance ]
  [ "$(cat "$host/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor")" = schedutil ]
  [ "$(cat "$host/proc/sys/kernel/sched_rt_runtime_us")" = -1 ]
  [ "$(cat "$host/proc/sys/kernel/watchdog_cpumask")" = 0-1,4-7 ]
}

@test "the journal is readable JSON, mode 600, in a folder of mode 700, and goes with restore" {
  isolate 2-3
  [ "$(stat -c %a "$journal")" = 600 ]
  [ "$(stat -c %a "$(dirname "$journal")")" = 700 ]
  jq . "$journal" >/dev/null
  restore
  [ ! -e "$(dirname "$journal")" ]
}

@test "restore is idempotent" {
  before=$(snapshot "$host")
  isolate 2-3
  restore
  run -0 restore
  [[ $output == *"nothing is isolated"* ]]
  diff <(echo "$before") <(snapshot "$host")
}

@test "overlapping CPUs are refused, and the holder is named" {
  isolate 2-3
  before=$(snapshot "$host")
  run -2 isolate 3-4
  [[ $output == *"host CPU 3 is isolated already, by process "*" (qemu-pin isolate 2-3), since "* ]]
  diff <(echo "$before") <(snapshot "$host")
}

@test "disjoint isolations coexist, and end in either order" {
  before=$(snapshot "$host")
  for order in "2-3 4-5" "4-5 2-3"; do
    isolate 2-3
    isolate 4-5
    [ "$(cat "$host/sys/fs/cgroup/system.slice/cpuset.cpus")" = 0-1,6-7 ]
    run -2 restore
    [[ $output == *"--all"* ]]
    for cpus in $order; do restore "$cpus"; done
    diff <(echo "$before") <(snapshot "$host")
  done
  isolate 2-3
  isolate 4-5
  restore 2-3
  [ "$(cat "$host/sys/fs/cgroup/system.slice/cpuset.cpus")" = 0-3,6-7 ]
  [ "$(cat "$host/proc/irq/default_smp_affinity")" = cf ]
  isolate 2-3
  restore --all
  diff <(echo "$before") <(snapshot "$host")
}

@test "what somebody else changed since is left alone, unless forced" {
  before=$(snapshot "$host")
  isolate 2-3
  echo 5 >"$host/proc/irq/0/smp_affinity_list"
  run -1 restore
  [[ $output == *"/proc/irq/0/smp_affinity_list: changed by somebody else since, to '5'; it was '0-7'"* ]]
  [ "$(cat "$host/proc/irq/0/smp_affinity_list")" = 5 ]
  echo 0-7 >"$host/proc/irq/0/smp_affinity_list"
  diff <(echo "$before") <(snapshot "$host")
  isolate 2-3
  echo 5 >"$host/proc/irq/0/smp_affinity_list"
  run -0 restore --force
  diff <(echo "$before") <(snapshot "$host")
}

@test "what has gone since is no error" {
  isolate 2-3
  rm -r "$host/proc/irq/24" "$host/sys/fs/cgroup/user.slice"
  run -0 restore
  [ "$(cat "$host/proc/irq/0/smp_affinity_list")" = 0-7 ]
}

@test "a journal that is not ours as it is, is refused, with nothing changed" {
  isolate 2-3
  good=$(cat "$journal")
  before=$(snapshot "$host/sys")
  refused() { # WORDS
    for command in "restore" "isolate 5"; do
      run -2 $command
      [[ $output == *"$1"* ]]
    done
    diff <(echo "$before") <(snapshot "$host/sys")
  }
  echo "${good:0:200}" >"$journal"
  refused "no journal of qemu-pin's"
  : >"$journal"
  refused "no journal of qemu-pin's"
  head -c 500 /dev/urandom >"$journal"
  refused "no journal of qemu-pin's"
  echo '{"plan": 1}' >"$journal"
  refused "no journal of qemu-pin's"
  echo "${good/\"qemu-pin-journal\": 1/\"qemu-pin-journal\": 2}" >"$journal"
  refused "version 2"
  echo "${good/\"boot\": \"/\"boot\": \"x}" >"$journal"
  refused "from before this host was started"
  echo "$good" >"$journal"
  chmod 644 "$journal"
  refused "not ours alone"
  chmod 600 "$journal"
  chown 65534 "$journal"
  refused "not ours alone"
  chown 0 "$journal"
  mv "$journal" "$host/elsewhere"
  ln -s "$host/elsewhere" "$journal"
  refused "symbolic link"
  rm "$journal"
  mv "$host/elsewhere" "$journal"
  chmod 755 "$(dirname "$journal")"
  refused "not ours alone"
  chmod 700 "$(dirname "$journal")"
  mv "$(dirname "$journal")" "$host/folder"
  ln -s "$host/folder" "$host/run/qemu-pin"
  refused "symbolic link"
  rm "$host/run/qemu-pin"
  mv "$host/folder" "$host/run/qemu-pin"
  restore
}

# How many of a system call isolating makes, here.
calls() { # SYSCALL ARGS...
  local name=$1
  shift
  strace -f -qq -e trace="$name" -o "$BATS_TEST_TMPDIR/trace" "$@" >/dev/null 2>&1 || true
  grep -c "$name(" "$BATS_TEST_TMPDIR/trace"
}

@test "killed before any write, sync or rename, restore brings back every byte" {
  command -v strace >/dev/null || skip "strace is not here"
  before=$(snapshot "$host")
  tried=0
  for name in write fsync renameat mkdir; do
    n=$(calls $name "$qemu_pin" isolate --fsroot "$host" 2-3 "${all[@]}")
    restore >/dev/null
    for ((i = 1; i <= n; i++)); do
      strace -f -qq -o /dev/null -e trace=$name -e inject=$name:signal=KILL:when=$i \
        "$qemu_pin" isolate --fsroot "$host" 2-3 "${all[@]}" >/dev/null 2>&1 && break
      restore >/dev/null
      diff <(echo "$before") <(snapshot "$host")
      tried=$((tried + 1))
    done
  done
  echo "killed at $tried places"
  ((tried >= 40))
}

@test "restore killed before any write, sync or rename, and run again, brings back every byte" {
  command -v strace >/dev/null || skip "strace is not here"
  before=$(snapshot "$host")
  tried=0
  for name in write fsync renameat unlinkat; do
    for ((i = 1; i <= 60; i++)); do
      isolate 2-3 "${all[@]}" >/dev/null
      strace -f -qq -o /dev/null -e trace=$name -e inject=$name:signal=KILL:when=$i \
        "$qemu_pin" restore --fsroot "$host" >/dev/null 2>&1 && break
      restore >/dev/null
      diff <(echo "$before") <(snapshot "$host")
      tried=$((tried + 1))
    done
    restore >/dev/null
  done
  ((tried >= 20))
}

@test "whichever write is refused, all is rolled back, with exit status 2 and the step named" {
  command -v strace >/dev/null || skip "strace is not here"
  before=$(snapshot "$host")
  n=$(calls write "$qemu_pin" isolate --fsroot "$host" 2-3 "${all[@]}" --json)
  restore >/dev/null
  ((n >= 25))
  for error in EACCES EINVAL EBUSY; do
    # The last write is of what is printed.
    for ((i = 1; i < n; i++)); do
      status=0
      strace -f -qq -o /dev/null -e trace=write -e inject=write:error=$error:when=$i \
        "$qemu_pin" isolate --fsroot "$host" 2-3 "${all[@]}" --json >/dev/null 2>"$BATS_TEST_TMPDIR/errors" ||
        status=$?
      cat "$BATS_TEST_TMPDIR/errors"
      [ "$status" -eq 2 ]
      grep -qE 'qemu-pin: (cpuset|irq|kthreads|governor|caches|compact|timer-migration|watchdog|rt-runtime|journal|.*/journal\.json)' "$BATS_TEST_TMPDIR/errors"
      diff <(echo "$before") <(snapshot "$host")
      [ ! -e "$journal" ]
    done
  done
}

@test "a dry run names each write, and changes nothing" {
  before=$(snapshot "$host")
  run -0 isolate 2-3 "${all[@]}" --dry-run
  [[ $output == *"/proc/irq/24/smp_affinity_list: 3 -> 0-1,4-7"* ]]
  [[ $output == *"this was a dry run"* ]]
  diff <(echo "$before") <(snapshot "$host")
  [ ! -e "$host/run/qemu-pin" ]
}

@test "steps are chosen by name" {
  run -0 isolate 2-3 --only irq
  [ "$(cat "$host/proc/irq/0/smp_affinity_list")" = 0-1,4-7 ]
  [ -z "$(cat "$host/sys/fs/cgroup/system.slice/cpuset.cpus")" ]
  restore
  run -0 isolate 2-3 --skip irq,governor
  [ "$(cat "$host/proc/irq/0/smp_affinity_list")" = 0-7 ]
  restore
  run -2 isolate 2-3 --only irc
  [[ $output == *"there is no step 'irc'"* ]]
}

@test "CPUs are a list, vfio-isolate's C and N, or a plan's" {
  mkdir -p "$host"/sys/devices/system/node/node0 "$host"/sys/devices/system/cpu
  echo 2-3 >"$host/sys/devices/system/node/node0/cpulist"
  for set in 2-3 C2-3 2,3 N0; do
    run -0 isolate "$set" --only irq
    [ "$(cat "$host/proc/irq/0/smp_affinity_list")" = 0-1,4-7 ]
    restore 2-3
  done
  "$qemu_pin" plan --synthetic "pack:1 core:4 pu:2" --vcpus 4 --format json >"$BATS_TEST_TMPDIR/plan.json"
  run -0 isolate --plan "$BATS_TEST_TMPDIR/plan.json" --only irq --json
  restore
}

@test "CPUs that cannot be isolated are refused, by name" {
  for case in "8:host CPU 8 is not online" "0-7:are all that the host has" "x:'x'" ":missing"; do
    run -2 isolate ${case%%:*}
    [[ $output == *"${case#*:}"* ]]
  done
  [ ! -e "$host/run/qemu-pin" ]
}
