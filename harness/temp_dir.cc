/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/temp_dir.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace {

/* The folder's path; empty, with errno set, when it cannot be made. */
std::string made_folder() {
  const char *parent = getenv("TMPDIR");
  std::string path = std::string(parent && *parent ? parent : "/tmp") + "/qemu-pinning.XXXXXX";
  return mkdtemp(path.data()) ? path : std::string();
}

} // namespace

TempDir::TempDir() : path_(made_folder()) {
  if (path_.empty())
    throw std::system_error(errno, std::generic_category(), "mkdtemp");
}

qemu_pin::Result<TempDir> TempDir::make() {
  std::string path = made_folder();
  if (path.empty())
    return qemu_pin::Error{std::string("a temporary folder: ") + strerror(errno)};
  return TempDir(path);
}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty())
    std::filesystem::remove_all(path_, ignored);
}

void TempDir::write(const std::string &name, const std::string &content) const {
  std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
  std::ofstream stream(file(name), std::ios::binary);
  stream << content;
  stream.close();
  if (!stream)
    throw std::system_error(EIO, std::generic_category(), file(name));
}

std::string read_text(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::string &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}
