// Each vCPU thread pins itself as soon as it knows whose it is, which in every
// accelerator is where it notes its thread id: before the accelerator makes the
// vCPU, so that the kernel's memory for it is on the right node.
// every: accel target cpu_thread_signal_created(cpu)
// expect: 1 accel/kvm/kvm-accel-ops.c: vcpu_pinning_thread_starts(cpu);
// expect: 1 accel/tcg/tcg-accel-ops-mttcg.c: vcpu_pinning_thread_starts(cpu);
// expect: 1 accel/tcg/tcg-accel-ops-rr.c: vcpu_pinning_thread_starts(cpu);
// expect: 1 accel/dummy-cpus.c: vcpu_pinning_thread_starts(cpu);

@@ @@
  cpu->thread_id = qemu_get_thread_id();
+ vcpu_pinning_thread_starts(cpu);
