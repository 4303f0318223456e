// The thread that an accelerator makes for a vCPU is that vCPU's: it pins itself
// before it does anything else, so before the accelerator makes the vCPU, and the
// kernel's memory for it is on the right node. Around the call, because with
// TCG's one thread for all vCPUs not every call makes a thread.
// expect: 1 softmmu/cpus.c: vcpu_pinning_creation_begins(cpu);
// expect: 1 softmmu/cpus.c: vcpu_pinning_creation_ends();

@@ @@
+ vcpu_pinning_creation_begins(cpu);
  cpus_accel->create_vcpu_thread(cpu);
+ vcpu_pinning_creation_ends();
