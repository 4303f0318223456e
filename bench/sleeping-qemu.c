/*
 * Stands in for a QEMU whose guest is idle: a process of as many vCPU threads as it is
 * told, which bear QEMU's names and sleep. It ends with the program that started it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void *sleep_as(void *number) {
  char name[16];
  snprintf(name, sizeof name, "CPU %d/KVM", (int)(long)number);
  prctl(PR_SET_NAME, name);
  for (;;)
    pause();
  return NULL;
}

int main(int argc, char **argv) {
  const pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc != 2 || getppid() != parent)
    return 2;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  const long n = strtol(argv[1], NULL, 10);
  for (long i = 0; i < n; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &small, sleep_as, (void *)i) != 0)
      return 1;
  }
  prctl(PR_SET_NAME, "qemu-system-x86");
  puts("ready");
  fflush(stdout);
  for (;;)
    pause();
}
