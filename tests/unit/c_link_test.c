/*
 * A plain C11 program links to the library and gets all the way to a pinned
 * thread: the header is C, and no C++ has to be known to the caller.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vcpupin.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const char *step, char *error) {
  fprintf(stderr, "%s: %s\n", step, error != NULL ? error : "memory exhausted");
  free(error);
  return 1;
}

int main(void) {
  char *error = NULL;
  vcpupin_host *host = vcpupin_host_read(NULL, &error);
  if (host == NULL)
    return fail("host", error);

  vcpupin_pin *start = vcpupin_pin_read(0, &error);
  if (start == NULL)
    return fail("start", error);
  vcpupin_table *table = vcpupin_table_new(host, start, 2, false);
  char *list = vcpupin_cpus_format(vcpupin_host_allowed(host));
  if (table == NULL || list == NULL)
    return fail("table", NULL);

  const char *affinity[] = {list};
  const vcpupin_request request = {.name = "1", .affinity = affinity, .n_affinity = 1};
  unsigned vcpu = 0;
  if (!vcpupin_table_add_vcpu(table, &request, &vcpu, &error))
    return fail("add", error);
  if (!vcpupin_apply(0, vcpupin_table_vcpu(table, vcpu), &error))
    return fail("apply", error);

  vcpupin_cpus *now = vcpupin_cpus_read_affinity(0, &error);
  if (now == NULL)
    return fail("read", error);
  const bool pinned = vcpupin_cpus_equal(now, vcpupin_host_allowed(host));
  if (!pinned)
    fprintf(stderr, "the thread is not pinned to %s\n", list);

  vcpupin_cpus_free(now);
  free(list);
  vcpupin_table_free(table);
  vcpupin_pin_free(start);
  vcpupin_host_free(host);
  return pinned ? 0 : 1;
}
