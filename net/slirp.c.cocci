// The built-in smb share acts as the user who called sudo, not as root.
// expect: 1 net/slirp.c: #include "net/smb-share.h"
// expect: 1 net/slirp.c: passwd = smb_share_user(passwd, &errp);

@@ @@
  #include "net/slirp.h"
+ #include "net/smb-share.h"

@@ @@
  passwd = getpwuid(geteuid());
+ passwd = smb_share_user(passwd, &errp);
