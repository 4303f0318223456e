# What the lab's scripts share; for busybox's shell, and for bash. Each check that fails says
# so and is counted; `finish` ends with as many.
# shellcheck shell=sh disable=SC2154,SC3043

failed=0

fail() {
  echo "FAILED: $*" >&2
  failed=$((failed + 1))
}

# expect TEXT COMMAND...: it succeeds.
expect() {
  local what="$1"
  shift
  "$@" || fail "$what: $*"
}

finish() {
  echo "failed: $failed"
  exit "$failed"
}

is_v1() { [ -e /sys/fs/cgroup/cpuset/tasks ]; }

cpuset_root() { if is_v1; then echo /sys/fs/cgroup/cpuset; else echo /sys/fs/cgroup; fi; }

# What isolation may touch, but for threads: a line a file.
files_now() {
  find "$(cpuset_root)" -name 'cpuset.*' ! -name '*pressure*' -o -name cgroup.subtree_control |
    sort | xargs grep -H '' 2>/dev/null
  grep -H '' /proc/irq/*/smp_affinity_list /proc/irq/default_smp_affinity \
    /sys/devices/virtual/workqueue/cpumask /sys/devices/virtual/workqueue/*/cpumask \
    /proc/sys/kernel/watchdog_cpumask /proc/sys/kernel/sched_rt_runtime_us \
    /proc/sys/kernel/timer_migration 2>/dev/null
  if [ -d /run/systemd/system ]; then
    find /run/systemd/system.control /run/systemd/transient 2>/dev/null | sort
    for unit in system.slice user.slice init.scope; do
      systemctl show -p AllowedCPUs -p AllowedMemoryNodes -p NeedDaemonReload "$unit"
    done
  fi
}

# The masks and groups of threads that may be moved: "PID NAME MASK GROUP". Workers of the
# kernel come and go by themselves, and its bound threads are not ours to look at.
threads_now() {
  grep -sH -e '^[0-9].* (.*) ' -e '^Cpus_allowed_list' -e cpuset -e '^0::' \
    /proc/[0-9]*/stat /proc/[0-9]*/status /proc/[0-9]*/cgroup |
    awk '{ at = index($0, ":"); text = substr($0, at + 1)
           split(substr($0, 1, at - 1), path, "/"); id = path[3] }
         path[4] == "status" { sub(/.*[ \t]/, "", text); mask[id] = text }
         path[4] == "cgroup" { group[id] = group[id] " " text }
         path[4] == "stat" {
           rest = text; sub(/.*\) /, "", rest); split(rest, field, " ")
           is_bound[id] = int(field[7] / 67108864) % 2
           sub(/^[^(]*\(/, "", text); sub(/\) [^)]*$/, "", text); name[id] = text }
         END { for (id in name) if (!is_bound[id] && id in mask && id in group)
                 print id, name[id], mask[id], group[id] }' | sort
}

# snapshot NAME: keeps both in /results.
snapshot() {
  files_now >"/results/$1.files"
  threads_now >"/results/$1.threads"
}

# same NAME NAME: equal, as to threads for those that were there both times.
same() {
  diff "/results/$1.files" "/results/$2.files" || return 1
  awk 'NR == FNR { was[$1 " " $2] = $0; next }
       ($1 " " $2) in was && was[$1 " " $2] != $0 { print was[$1 " " $2] " | " $0; bad = 1 }
       END { exit bad }' "/results/$1.threads" "/results/$2.threads"
}

# on_cpus: how many of the processes in $hogs ran last on one of the CPUs in $watched.
on_cpus() {
  local count=0 pid cpu
  for pid in $hogs; do
    # shellcheck disable=SC2046
    set -- $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null)
    shift 36
    cpu=$1
    case " $watched " in *" $cpu "*) count=$((count + 1)) ;; esac
  done
  echo $count
}

# start_hogs N: busy processes, N of them; sets hogs.
start_hogs() {
  stress-ng --cpu "$1" --timeout 100000 >/dev/null 2>&1 &
  stressor=$!
  hogs=
  for _ in $(seq 600); do
    hogs=$(cat /proc/$stressor/task/$stressor/children)
    [ "$(echo "$hogs" | wc -w)" != "$1" ] || return 0
    sleep 0.2
  done
  fail "there are not $1 hogs but $(echo "$hogs" | wc -w)"
}

stop_hogs() {
  kill "$stressor" 2>/dev/null
  wait "$stressor" 2>/dev/null
}
