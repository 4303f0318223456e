/*
 * A host made of files, of any shape.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CAPTURED_ROOT_H
#define TESTS_UNIT_CAPTURED_ROOT_H

#include "handles.h"
#include "harness/temp_dir.h"

#include <string>

constexpr const char *present_file = "sys/devices/system/cpu/present";
constexpr const char *online_file = "sys/devices/system/cpu/online";
constexpr const char *status_file = "proc/self/status";

class CapturedRoot {
public:
  CapturedRoot(const std::string &present, const std::string &online, const std::string &allowed) {
    dir_.write(present_file, present + "\n");
    dir_.write(online_file, online + "\n");
    /* As in the kernel's file, among lines that look alike. */
    dir_.write(status_file, "Name:\tqemu\nMems_allowed_list:\t9\nCpus_allowed:\tff\n"
                            "Cpus_allowed_list:\t" +
                                allowed + "\nSeccomp:\t0\n");
  }

  const TempDir &dir() const { return dir_; }
  std::string path() const { return dir_.path(); }

  Host read() const { return Host(vcpupin_host_read(path().c_str(), nullptr)); }

private:
  TempDir dir_;
};

#endif
