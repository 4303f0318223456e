/*
 * A file in memory that we share with QEMU: a guest's RAM, or its disk. It is in no folder, so
 * that nothing of it remains, however we end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_MEMORY_FILE_H
#define HARNESS_MEMORY_FILE_H

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

class MemoryFile {
public:
  /* Of that many bytes, all zero. The name is for those who look into /proc. */
  static qemu_pin::Result<MemoryFile> make(const std::string &name, std::size_t size);

  MemoryFile(MemoryFile &&other) noexcept
      : file_(std::move(other.file_)), bytes_(std::exchange(other.bytes_, {})) {}
  MemoryFile &operator=(MemoryFile &&other) noexcept {
    std::swap(file_, other.file_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;
  ~MemoryFile();

  /* By which another process of the same user can open it, for as long as we have it. */
  std::string path() const;

  /* What is in it, mapped and shared; at least as long as T is. */
  std::span<std::byte> bytes() const { return bytes_; }
  template <typename T> T *at(std::size_t offset) const {
    return reinterpret_cast<T *>(bytes_.data() + offset);
  }

private:
  MemoryFile(qemu_pin::Fd file, std::span<std::byte> bytes)
      : file_(std::move(file)), bytes_(bytes) {}

  qemu_pin::Fd file_;
  std::span<std::byte> bytes_;
};

/* QEMU's options that make this file a machine's RAM, to be used with -m of the same size. */
std::vector<std::string> as_guest_ram(const MemoryFile &file);

#endif
