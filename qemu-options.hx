HXCOMM -vcpu, beside -smp: what it pins is numbered there.
HXCOMM before: DEF("numa", HAS_ARG, QEMU_OPTION_numa,
HXCOMM expect: 1 qemu-options.hx: DEF("vcpu", HAS_ARG, QEMU_OPTION_vcpu,

DEF("vcpu", HAS_ARG, QEMU_OPTION_vcpu,
    "-vcpu [vcpunum=]n,affinity=cpus[,affinity=cpus]...\n"
    "                run vCPU n on these host CPUs only (list such as 2-3 or 0-14:2)\n",
    QEMU_ARCH_ALL)
SRST
``-vcpu [vcpunum=]n,affinity=cpus[,affinity=cpus]...``
    Pin the thread of vCPU n to the host CPUs of the list, from its start. A
    comma inside a list is doubled. vCPUs that are not named keep the
    affinity QEMU was started with; so do all other threads.
ERST

