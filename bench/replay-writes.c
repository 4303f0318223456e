/*
 * Makes the changes to the host that a file lists, and nothing else: what isolating costs
 * at the least. A line each:
 *     w PATH VALUE    writes VALUE and a newline; \n in it is an empty line
 *     m PATH          makes a folder
 *     r PATH          removes it
 *     a THREAD MASK   sched_setaffinity, of CPUs below 64, as a decimal number
 * A write that fails is as good as one that does not: threads come and go.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_value(char *rest) {
  char *value = strchr(rest, ' ');
  int fd;
  if (!value)
    return;
  *value++ = '\0';
  fd = open(rest, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  strcat(value, "\n");
  if (write(fd, value, strlen(value)) < 0)
    value = NULL;
  close(fd);
}

static void set_affinity(const char *rest) {
  char *end;
  long thread = strtol(rest, &end, 10);
  unsigned long mask = strtoul(end, NULL, 10);
  if (sched_setaffinity((pid_t)thread, sizeof mask, (cpu_set_t *)&mask) != 0)
    return;
}

int main(int argc, char **argv) {
  static char line[4096];
  FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (!list) {
    fprintf(stderr, "usage: replay-writes FILE\n");
    return 2;
  }
  while (fgets(line, sizeof line - 2, list)) {
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == 'w')
      write_value(line + 2);
    else if (line[0] == 'm')
      mkdir(line + 2, 0755);
    else if (line[0] == 'r')
      rmdir(line + 2);
    else if (line[0] == 'a')
      set_affinity(line + 2);
  }
  return 0;
}
