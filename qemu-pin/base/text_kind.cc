/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text_kind.h"

#include <algorithm>
#include <utility>

namespace qemu_pin {

namespace {

constexpr std::size_t most_looked_at = 4096;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/* The name of the first element; "" if there is none. */
std::string_view root_element(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string_view::npos; ++at) {
    if (text.substr(at).starts_with("<!--"))
      at = std::min(text.find("-->", at), text.size() - 1);
    else if (at + 1 < text.size() && text[at + 1] != '?' && text[at + 1] != '!')
      return text.substr(at + 1, text.find_first_of(" \t\r\n/>", at + 1) - at - 1);
  }
  return "";
}

std::string xml_kind(std::string_view text) {
  const std::string_view root = root_element(text);
  if (root == "topology")
    return "a host's topology (XML of lstopo's)";
  if (root == "capabilities")
    return "libvirt's description of a host (virsh capabilities)";
  return root.empty() ? "XML" : "XML, <" + std::string(root) + ">";
}

std::string json_kind(std::string_view text) {
  if (contains(text, "\"qemu-pin-plan\""))
    return "a plan of qemu-pin's (JSON)";
  if (contains(text, "\"lscpu\"") || contains(text, "\"cpus\""))
    return "a table of lscpu's (JSON)";
  return "JSON";
}

} // namespace

bool is_proxmox_config(std::string_view text) {
  const std::string lines = "\n" + std::string(text.substr(0, most_looked_at));
  const auto has = [&](const char *key) { return contains(lines, "\n" + std::string(key) + ": "); };
  return (has("cores") || has("sockets") || has("vcpus") || has("affinity")) &&
         !contains(lines.substr(0, 2), "<");
}

std::string text_kind(std::string_view whole) {
  std::string_view text = whole.substr(0, most_looked_at);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos)
    return whole.size() > most_looked_at ? "" : "empty";
  text.remove_prefix(start);
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  if (text.starts_with("<"))
    return xml_kind(text);
  if (text.starts_with("{") || text.starts_with("["))
    return json_kind(text);
  if (is_proxmox_config(text))
    return "a guest's configuration of Proxmox VE's";
  const std::pair<const char *, const char *> beginnings[] = {
      {"CPU NODE ", "a table of lscpu's"},
      {"CPU SOCKET ", "a table of lscpu's"},
      {"CPU CORE ", "a table of lscpu's"},
      {"# The following is the parsable format", "a table of lscpu's"},
      {"Architecture:", "the summary of lscpu's (lscpu -e prints the table)"},
      {"Machine ", "text of lstopo's"},
      {"Machine(", "text of lstopo's"},
      {"#!", "a script"},
  };
  for (const auto &[beginning, kind] : beginnings)
    if (text.starts_with(beginning))
      return kind;
  if (contains(text, "qemu-system-") || contains(text, "-smp "))
    return "a command line";
  return "";
}

} // namespace qemu_pin
