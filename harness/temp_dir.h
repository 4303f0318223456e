/*
 * A folder of our own, mode 0700, removed with all that is in it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_TEMP_DIR_H
#define HARNESS_TEMP_DIR_H

#include "base/result.h"

#include <string>
#include <utility>

class TempDir {
public:
  /* Under $TMPDIR, or /tmp. Throws std::system_error when it cannot be made: for tests. */
  TempDir();

  /* The same for code that reports: the error as a value. */
  static qemu_pin::Result<TempDir> make();

  TempDir(TempDir &&other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir &operator=(TempDir &&other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  TempDir(const TempDir &) = delete;
  TempDir &operator=(const TempDir &) = delete;
  ~TempDir();

  const std::string &path() const { return path_; }
  std::string file(const std::string &name) const { return path_ + "/" + name; }

  /* Writes a file of that path within the folder, and makes the folders that lead to it. Throws
   * std::system_error when it cannot be written. */
  void write(const std::string &name, const std::string &content) const;

private:
  explicit TempDir(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

/* The whole of a file; empty if it is not there. */
std::string read_text(const std::string &path);

void write_text(const std::string &path, const std::string &text);

#endif
