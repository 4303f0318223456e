/*
 * A captured host: the files of a host that a test has written, in a folder.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_ISOLATION_CAPTURED_HOST_H
#define TESTS_ISOLATION_CAPTURED_HOST_H

#include "harness/temp_dir.h"
#include "host/host.h"

#include <string>

namespace qemu_pin {

class CapturedHost {
public:
  explicit CapturedHost(const std::string &online = "0-7") : host_(dir_.path()) {
    write("/sys/devices/system/cpu/online", online);
  }

  /* With a newline, as the kernel's files. */
  void write(const std::string &file, const std::string &line) const {
    dir_.write(file.substr(1), line + "\n");
  }
  /* A file that is there and empty. */
  void write_nothing(const std::string &file) const { dir_.write(file.substr(1), ""); }
  std::string read(const std::string &file) const { return host_.line_of(file); }
  std::string path(const std::string &file = "") const { return host_.path(file); }
  const Host &host() const { return host_; }

private:
  TempDir dir_;
  Host host_;
};

} // namespace qemu_pin

#endif
