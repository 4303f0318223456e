// Makes -vcpu known where QEMU makes its own options known, so that -readconfig
// knows it too.
// expect: 1 softmmu/vl.c: vcpu_pinning_add_options();

@@ @@
  qemu_add_opts(&qemu_smp_opts);
+ vcpu_pinning_add_options();
