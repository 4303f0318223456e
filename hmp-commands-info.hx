HXCOMM info pinning, which is registered at run time: no declaration is needed.
HXCOMM at end
HXCOMM expect: 1 hmp-commands-info.hx: "pinning",

    {
        .name       = "pinning",
        .args_type  = "",
        .params     = "",
        .help       = "show which host CPUs the machine's threads are pinned to",
    },

SRST
  ``info pinning``
    Show which host CPUs the machine's threads are pinned to.
ERST
