/*
 * Pins of vCPUs that are plugged and unplugged while the machine runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PINNING_HOTPLUG_H
#define PINNING_HOTPLUG_H

/* From now on plugged vCPUs get their pins. Main thread, before any vCPU exists and
 * once the table is read for @machine. */
void pinning_watch_hotplug(MachineState *machine);

#endif
