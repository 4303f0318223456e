HXCOMM Beside -smp: what -vcpu pins is numbered there.
HXCOMM before: DEF("numa", HAS_ARG, QEMU_OPTION_numa,
HXCOMM expect: 1 qemu-options.hx: DEF("vcpu", HAS_ARG, QEMU_OPTION_vcpu,
HXCOMM expect: 1 qemu-options.hx: DEF("iothreadpin", HAS_ARG, QEMU_OPTION_iothreadpin,
HXCOMM expect: 1 qemu-options.hx: DEF("emulatorpin", HAS_ARG, QEMU_OPTION_emulatorpin,

DEF("vcpu", HAS_ARG, QEMU_OPTION_vcpu,
    "-vcpu [vcpunum=]n,affinity=cpus[,affinity=cpus]...\n"
    "                [,sched=policy[,priority=p]]\n"
    "                run vCPU n on these host CPUs only (list such as 2-3 or 0-14:2)\n"
    "                policy: other, batch, idle, fifo, rr; p: 1 to 99 (fifo, rr)\n",
    QEMU_ARCH_ALL)
SRST
``-vcpu [vcpunum=]n,affinity=cpus[,affinity=cpus]...[,sched=policy[,priority=p]]``
    Pin the thread of vCPU n to the host CPUs of the list, from its start. A
    comma inside a list is doubled. ``sched`` sets its scheduling policy: other,
    batch, idle, fifo or rr; the last two take a priority from 1, the default,
    to 99. vCPUs that are not named keep what QEMU was started with.
ERST

DEF("iothreadpin", HAS_ARG, QEMU_OPTION_iothreadpin,
    "-iothreadpin [iothread=]id,affinity=cpus[,affinity=cpus]...\n"
    "                [,sched=policy[,priority=p]]\n"
    "                run the iothread of that ID on these host CPUs only\n",
    QEMU_ARCH_ALL)
SRST
``-iothreadpin [iothread=]id,affinity=cpus[,affinity=cpus]...[,sched=policy[,priority=p]]``
    The same for the iothread object of that ID. Iothreads that are not named
    are the emulator's.
ERST

DEF("emulatorpin", HAS_ARG, QEMU_OPTION_emulatorpin,
    "-emulatorpin affinity=cpus[,affinity=cpus]...\n"
    "                [,sched=policy[,priority=p]]\n"
    "                run all other threads of QEMU on these host CPUs only\n",
    QEMU_ARCH_ALL)
SRST
``-emulatorpin affinity=cpus[,affinity=cpus]...[,sched=policy[,priority=p]]``
    The same for every thread that is neither a vCPU nor a pinned iothread.
    Without it they keep what QEMU was started with.
ERST

