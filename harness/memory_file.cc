/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/memory_file.h"

#include <cerrno>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

using qemu_pin::Fd;
using qemu_pin::Result;
using qemu_pin::system_error;

Result<MemoryFile> MemoryFile::make(const std::string &name, std::size_t size) {
  Fd file(memfd_create(name.c_str(), MFD_CLOEXEC));
  if (!file)
    return system_error("memfd_create", errno);
  if (ftruncate(file.number(), static_cast<off_t>(size)) != 0)
    return system_error(name + ": " + std::to_string(size) + " bytes", errno);
  void *start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.number(), 0);
  if (start == MAP_FAILED)
    return system_error(name + ": mmap", errno);
  return MemoryFile(std::move(file), {static_cast<std::byte *>(start), size});
}

MemoryFile::~MemoryFile() {
  if (!bytes_.empty())
    munmap(bytes_.data(), bytes_.size());
}

std::string MemoryFile::path() const {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file_.number());
}

std::vector<std::string> as_guest_ram(const MemoryFile &file) {
  return {"-object",
          "memory-backend-file,id=ram,share=on,size=" + std::to_string(file.bytes().size()) +
              ",mem-path=" + file.path(),
          "-machine", "memory-backend=ram"};
}
