/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology_file.h"

#include "base/printable.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace qemu_pin {

namespace {

constexpr const char *advice = "lstopo HOST.xml writes a host's topology";

/* Where the first element begins, behind what an XML file starts with; npos without one. */
std::size_t root_element(std::string_view text) {
  std::size_t at = 0;
  while ((at = text.find('<', at)) != std::string_view::npos) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("<!--"))
      at = text.find("-->", at);
    else if (rest.starts_with("<?") || rest.starts_with("<!"))
      at = text.find('>', at);
    else
      return at;
    if (at == std::string_view::npos)
      break;
  }
  return std::string_view::npos;
}

Error in_xml(const std::string &element) {
  static constexpr std::array domain = {"domain", "domainsnapshot", "domstatus", "vcpu",
                                        "vcpus",  "cputune",        "cpu",       "numatune"};
  if (std::find(domain.begin(), domain.end(), element) != domain.end())
    return Error{"this is of a libvirt domain, which qemu-pin check --libvirt reads; " +
                 std::string(advice)};
  return Error{"this is XML, but its element is <" + printable(element) + ">, not <topology>; " +
               advice};
}

Error in_text(std::string_view text, char first) {
  const auto has = [&](std::string_view piece) {
    return text.substr(0, 4096).find(piece) != std::string_view::npos;
  };
  if (first == '{' || first == '[')
    return Error{has("qemu-pin-plan")
                     ? "this is a plan, which plan --read and check --plan read; " +
                           std::string(advice)
                     : "this is JSON, not XML; " + std::string(advice)};
  if (has("Package L#") || has("Core L#") || has("PU L#") || has("Machine ("))
    return Error{"this is lstopo's text, not its XML; " + std::string(advice)};
  if (has("NODE SOCKET") || has("SOCKET CORE") || has("Core,Socket") || has("Architecture:"))
    return Error{"this is the output of lscpu: --lscpu reads the table of lscpu -e"};
  return Error{"this is not XML; " + std::string(advice)};
}

} // namespace

Result<std::string> topology_xml(const std::string &text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first == std::string::npos)
    return Error{"the file is empty; " + std::string(advice)};
  if (text[first] != '<')
    return in_text(text, text[first]);
  const std::size_t root = root_element(text);
  if (root == std::string::npos)
    return Error{"this XML has no element; " + std::string(advice)};
  const std::size_t end = text.find_first_of(" \t\r\n/>", root + 1);
  const std::string element = text.substr(root + 1, end - root - 1);
  if (element != "topology")
    return in_xml(element);
  if (text.find("</topology>") == std::string::npos)
    return Error{"this topology is cut off: </topology> is missing"};
  /* Version 3 tells the same of cores and caches, and more behind the objects, which hwloc 2
   * leaves out. */
  const std::string_view newer = "version=\"3.";
  const std::size_t version = text.find(newer, root);
  if (version >= text.find('>', root))
    return text;
  std::string older = text;
  older[version + newer.size() - 2] = '2';
  return older;
}

} // namespace qemu_pin
