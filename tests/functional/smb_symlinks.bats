#!/usr/bin/env bats
# What --samba-symlinks does to a share, told by smbd itself. The object file is
# the one in the built QEMU: it is compiled always, and called only with the option.

setup() {
  ((EUID == 0)) || skip "only root can run smbd with a port of its own"
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  PATH=$PATH:/usr/sbin
  for program in smbd smbclient socat cc; do
    command -v "$program" >/dev/null || skip "$program is not installed"
  done
  object=$(find "$top"/build-qemu/*/obj -name '*net_smb-share.c.o' 2>/dev/null | head -n 1)
  [[ -n $object ]] || skip "no QEMU has been built"
  share=$BATS_TEST_TMPDIR/share
  mkdir "$share"
  chmod 711 "$BATS_TEST_TMPDIR"
  echo 'outside the share' >"$BATS_TEST_TMPDIR/secret"
  chmod 644 "$BATS_TEST_TMPDIR/secret"
  ln -s "$BATS_TEST_TMPDIR/secret" "$share/link"
  echo 'in the share' >"$share/file"
  configure_share
}

teardown() {
  [[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
}

# The share as QEMU configures it, as far as smbd needs it here.
configure_share() {
  local run=$BATS_TEST_TMPDIR/run
  mkdir "$run"
  {
    printf '%s\n' '[global]' 'security = user' 'map to guest = Bad User' 'load printers = no' "log file = $run/log"
    printf '%s = '"$run\\n" 'private dir' 'pid directory' 'lock directory' 'state directory' 'cache directory'
    printf '%s\n' "ncalrpc dir = $run/ncalrpc" '[qemu]' "path=$share" 'read only=no' 'guest ok=yes' 'force user=root'
  } >"$BATS_TEST_TMPDIR/smb.conf"
}

# Adds what our function adds to the file.
follow_symlinks() {
  printf '%s\n' '#include <stdio.h>' 'void smb_share_follow_symlinks(FILE *file);' \
    'void error_setg_internal(void) {}' \
    'int main(void) { smb_share_follow_symlinks(stdout); return 0; }' >"$BATS_TEST_TMPDIR/main.c"
  cc -o "$BATS_TEST_TMPDIR/main" "$BATS_TEST_TMPDIR/main.c" "$object"
  "$BATS_TEST_TMPDIR/main" >>"$BATS_TEST_TMPDIR/smb.conf"
}

# Serves the share as slirp does, a connection at a time, until the test ends.
serve() {
  port=$((20000 + RANDOM % 20000))
  socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
    "EXEC:smbd -l $BATS_TEST_TMPDIR/run -s $BATS_TEST_TMPDIR/smb.conf,nofork,setsid" 3>&- 2>/dev/null &
  server=$!
  for _ in {1..1800}; do
    run get file
    [[ $output == *NT_STATUS_CONNECTION_REFUSED* ]] || break
    sleep 0.1
  done
  [[ $(<"$BATS_TEST_TMPDIR/got") == 'in the share' ]]
}

# get NAME: to the file `got`.
get() {
  rm -f "$BATS_TEST_TMPDIR/got"
  smbclient -N -p "$port" //127.0.0.1/qemu -c "get $1 $BATS_TEST_TMPDIR/got"
}

@test "the share does not follow a symlink out of its folder" {
  serve
  run get link
  [[ $output == *NT_STATUS_* && ! -e $BATS_TEST_TMPDIR/got ]]
}

@test "with --samba-symlinks it does" {
  # Samba has this in a module of its own since 4.14.
  compgen -G '/usr/lib/*/samba/vfs/widelinks.so' >/dev/null || skip "samba-vfs-modules is not installed"
  follow_symlinks
  serve
  get link
  [[ $(<"$BATS_TEST_TMPDIR/got") == 'outside the share' ]]
}
