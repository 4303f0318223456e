// Lets the built-in smb share follow symlinks out of the shared folder. Only with
// the build option --samba-symlinks: a guest can then read and write whatever the
// share's user can.
// expect: 1 net/slirp.c: smb_share_follow_symlinks(f);

@@ @@
  slirp_smb(...)
  {
  ...
+ smb_share_follow_symlinks(f);
  fclose(f);
  ...
  }
