/*
 * The built-in smb share (-nic user,smb=DIR): whom it acts as, what it follows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef NET_SMB_SHARE_H
#define NET_SMB_SHARE_H

struct passwd;

/*
 * The user whom the share acts as: @user, who runs QEMU, or, when that is root
 * by way of sudo, the user who called sudo. The result is the C library's
 * (getpwnam), good until its next look-up.
 *
 * If $SUDO_USER does not exist, sets **@errp, and then *@errp to NULL, so that
 * the caller's own error for a NULL result does not follow ours; returns NULL.
 * A NULL @user is returned as it is.
 */
struct passwd *smb_share_user(struct passwd *user, Error ***errp);

/* Adds to the configuration @file of smbd that symlinks out of the shared
 * folder are followed. Built in with --samba-symlinks only. */
void smb_share_follow_symlinks(FILE *file);

#endif
