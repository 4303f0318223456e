/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/known_disk.h"

#include "base/fd.h"

#include <fcntl.h>
#include <numeric>

using qemu_pin::Fd;
using qemu_pin::Result;

Result<KnownDisk> KnownDisk::make(std::size_t bytes) {
  auto file = MemoryFile::make("known-disk", bytes);
  if (!file)
    return file.error();
  const bool direct(Fd(open(file->path().c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC)));
  KnownDisk disk(std::move(*file), direct);
  std::iota(disk.words().begin(), disk.words().end(), 0);
  return disk;
}

std::span<std::uint64_t> KnownDisk::words() const {
  return {file_.at<std::uint64_t>(0), file_.bytes().size() / sizeof(std::uint64_t)};
}

std::vector<std::string> KnownDisk::as_virtio_disk() const {
  const std::string how = direct_ ? "aio=native,cache.direct=on" : "aio=threads,cache.direct=off";
  return {
      "-object",   "iothread,id=io0",
      "-blockdev", "driver=file,node-name=file,read-only=on," + how + ",filename=" + file_.path(),
      "-blockdev", "driver=raw,node-name=disk,file=file,read-only=on",
      "-device",   "virtio-blk-pci,drive=disk,iothread=io0"};
}
