/*
 * What is in a folder.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FOLDER_H
#define QEMU_PIN_FOLDER_H

#include <cerrno>
#include <dirent.h>
#include <memory>
#include <string>
#include <string_view>

namespace qemu_pin {

/* Calls visit(const dirent &) with each entry but "." and "..", in no order. 0, or the errno
 * of what failed. */
template <typename Visit> int visit_folder(const std::string &path, Visit visit) {
  struct Close {
    void operator()(DIR *folder) const { closedir(folder); }
  };
  const std::unique_ptr<DIR, Close> folder(opendir(path.c_str()));
  if (!folder)
    return errno;
  for (;;) {
    errno = 0;
    const dirent *entry = readdir(folder.get());
    if (!entry)
      return errno;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..")
      visit(*entry);
  }
}

} // namespace qemu_pin

#endif
