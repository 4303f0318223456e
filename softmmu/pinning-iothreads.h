/*
 * Pins of iothreads.
 *
 * Functions are for the main thread with the big lock held.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PINNING_IOTHREADS_H
#define PINNING_IOTHREADS_H

/* From now on each new iothread takes its pin, and is in the tree once there is
 * one. */
void pinning_watch_iothreads(void);

/* Puts the iothreads that exist into the tree. */
void pinning_add_iothreads_to_tree(void);

#endif
