/*
 * A folder that lives as long as the variable.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_TEMP_DIR_H
#define TESTS_UNIT_TEMP_DIR_H

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

class TempDir {
public:
  TempDir() {
    std::string pattern = std::filesystem::temp_directory_path() / "vcpupin-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = pattern;
  }
  TempDir(const TempDir &) = delete;
  TempDir &operator=(const TempDir &) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string path() const { return path_; }

  /* Writes a file, and makes the folders that lead to it. */
  void write(const std::string &file, const std::string &content) const {
    const std::filesystem::path full = path_ / file;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream stream(full);
    stream << content;
    stream.close();
    if (!stream)
      throw std::system_error(EIO, std::generic_category(), full);
  }

private:
  std::filesystem::path path_;
};

#endif
