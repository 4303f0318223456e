// Checks all pins where the number of vCPUs and the accelerator are final and no
// vCPU exists: the last place where an error costs nothing.
// expect: 1 hw/core/machine.c: vcpu_pinning_prepare(machine);

@@ @@
+ vcpu_pinning_prepare(machine);
  machine_class->init(machine);
