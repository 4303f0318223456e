/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/unit_files.h"

#include "base/text_file.h"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <unistd.h>

namespace qemu_pin {

namespace {

constexpr const char *control_folder = "/run/systemd/system.control";
constexpr const char *transient_folder = "/run/systemd/transient";
constexpr const char *blanks = " \t\r";

/* What follows "property =" on a line. */
std::optional<std::string> assigned(const std::string &line, const std::string &property) {
  std::string_view rest = line;
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  if (!rest.starts_with(property))
    return std::nullopt;
  rest.remove_prefix(property.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  if (!rest.starts_with('='))
    return std::nullopt;
  return std::string(rest.substr(1));
}

/* Lists that commas or blanks part; see AllowedCPUs= in systemd.resource-control(5). */
bool add_lists(const std::string &value, CpuSet &set) {
  std::string lists = value;
  for (char &c : lists)
    if (c == ',')
      c = ' ';
  std::istringstream pieces(lists);
  for (std::string piece; pieces >> piece;) {
    auto some = read_cpu_set(piece);
    if (!some)
      return false;
    set.merge(*some);
  }
  return true;
}

} // namespace

std::vector<std::string> runtime_drop_ins(const std::string &unit, const std::string &property,
                                          const std::string &root) {
  const std::string file = "/" + unit + ".d/50-" + property + ".conf";
  return {root + control_folder + file, root + transient_folder + file};
}

Result<> remove_drop_in(const std::string &file) {
  if (unlink(file.c_str()) != 0 && errno != ENOENT)
    return system_error(file, errno);
  /* What is not empty stays: rmdir() fails then, as it should. */
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (rmdir(folder.c_str()) == 0)
    rmdir(folder.parent_path().c_str());
  return {};
}

std::optional<CpuSet> set_in_files(const std::vector<std::string> &files,
                                   const std::string &property) {
  CpuSet set;
  for (const std::string &file : files) {
    auto text = read_text_file(file);
    if (!text)
      return std::nullopt;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      const auto value = assigned(line, property);
      if (!value)
        continue;
      if (value->ends_with('\\'))
        return std::nullopt; /* it goes on in the next line */
      if (value->find_first_not_of(blanks) == std::string::npos)
        set = CpuSet();
      else if (!add_lists(*value, set))
        return std::nullopt;
    }
  }
  return set;
}

} // namespace qemu_pin
