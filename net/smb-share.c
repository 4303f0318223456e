/*
 * The built-in smb share, when QEMU runs as root: files that the guest makes
 * should belong to the person who started QEMU with sudo.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include <pwd.h>
#include "qapi/error.h"
#include "net/smb-share.h"

struct passwd *smb_share_user(struct passwd *user, Error ***errp)
{
    const char *sudo_user = getenv("SUDO_USER");
    struct passwd *sudoer;

    if (!user || user->pw_uid != 0 || !sudo_user || !*sudo_user) {
        return user;
    }
    sudoer = getpwnam(sudo_user);
    if (!sudoer) {
        error_setg(*errp, "the smb share cannot act as SUDO_USER '%s': this "
                   "host has no such user", sudo_user);
        *errp = NULL;
    }
    return sudoer;
}

void smb_share_follow_symlinks(FILE *file)
{
    /* The file ends in the share's section; a second [global] adds to the first. */
    fputs("follow symlinks=yes\n"
          "wide links=yes\n"
          "[global]\n"
          "allow insecure wide links=yes\n", file);
}
