// Makes the options known where QEMU makes its own known, so that -readconfig
// knows them too; and pins what exists already while QEMU may still do that, which
// is before the sandbox.
// expect: 1 softmmu/vl.c: vcpu_pinning_add_options();
// expect: 1 softmmu/vl.c: vcpu_pinning_before_sandbox();

@@ @@
  qemu_add_opts(&qemu_smp_opts);
+ vcpu_pinning_add_options();

@@ @@
+ vcpu_pinning_before_sandbox();
  object_option_foreach_add(object_create_pre_sandbox);
