# A captured host in a folder, for what can be tested without a kernel: 8 CPUs, cgroup v2
# that somebody has enabled cpusets in, interrupts, cpufreq, workqueues.

# make_host FOLDER
make_host() {
  local host=$1 cpu irq
  mkdir -p "$host"/{proc/self,proc/irq,proc/sys/vm,proc/sys/kernel,run}
  mkdir -p "$host"/sys/devices/system/{cpu,node} "$host"/sys/devices/virtual/workqueue/writeback
  echo 0-7 >"$host/sys/devices/system/cpu/online"
  echo 0-7 >"$host/sys/devices/system/cpu/possible"
  echo 0 >"$host/sys/devices/system/node/has_memory"
  echo '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw' >"$host/proc/self/mountinfo"
  echo quiet >"$host/proc/cmdline"
  local group
  for group in '' /system.slice /user.slice /init.scope /machine.slice; do
    mkdir -p "$host/sys/fs/cgroup$group"
    echo cpuset >"$host/sys/fs/cgroup$group/cgroup.controllers"
    : >"$host/sys/fs/cgroup$group/cgroup.procs"
    echo >"$host/sys/fs/cgroup$group/cpuset.cpus"
    echo 0-7 >"$host/sys/fs/cgroup$group/cpuset.cpus.effective"
  done
  rm "$host/sys/fs/cgroup/cpuset.cpus"
  echo cpuset >"$host/sys/fs/cgroup/cgroup.subtree_control"
  echo 0-3 >"$host/sys/fs/cgroup/user.slice/cpuset.cpus"
  echo ff >"$host/proc/irq/default_smp_affinity"
  {
    echo '            CPU0       CPU1       CPU2       CPU3       CPU4       CPU5       CPU6       CPU7'
    echo '   0:          9          0          0          0          0          0          0          0  IO-APIC    2-edge      timer'
    echo '  24:          1          0          0          0          0          0          0          0  PCI-MSI 1-edge      eth0'
    echo '  25:          1          0          0          0          0          0          0          0  PCI-MSI 2-edge      vfio-msi[0](0000:03:00.0)'
  } >"$host/proc/interrupts"
  for irq in 0 24 25; do
    mkdir "$host/proc/irq/$irq"
    echo 0-7 >"$host/proc/irq/$irq/smp_affinity_list"
  done
  echo 3 >"$host/proc/irq/24/smp_affinity_list"
  for cpu in {0..7}; do
    mkdir -p "$host/sys/devices/system/cpu/cpu$cpu/cpufreq"
    echo schedutil >"$host/sys/devices/system/cpu/cpu$cpu/cpufreq/scaling_governor"
    echo 'performance schedutil' >"$host/sys/devices/system/cpu/cpu$cpu/cpufreq/scaling_available_governors"
    echo "$cpu" >"$host/sys/devices/system/cpu/cpu$cpu/cpufreq/affected_cpus"
  done
  echo ff >"$host/sys/devices/virtual/workqueue/cpumask"
  echo ff >"$host/sys/devices/virtual/workqueue/writeback/cpumask"
  echo 0 >"$host/proc/sys/vm/drop_caches"
  echo 0 >"$host/proc/sys/vm/compact_memory"
  echo 950000 >"$host/proc/sys/kernel/sched_rt_runtime_us"
  echo 1 >"$host/proc/sys/kernel/timer_migration"
  echo 0-7 >"$host/proc/sys/kernel/watchdog_cpumask"
}

# Every file and what is in it, but for those that are told to do something.
snapshot() { # FOLDER
  (cd "$1" && find . -type f ! -path '*/vm/*' -print0 | sort -z | xargs -0 grep -H '' && find . -type d | sort)
}
