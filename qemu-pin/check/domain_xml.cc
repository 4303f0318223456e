/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/domain_xml.h"

#include "base/text_kind.h"

#include <fmt/format.h>
#include <string_view>

namespace qemu_pin {

namespace {

/* "qemu:arg" is "arg": libvirt goes by namespaces, and people choose the prefix. */
std::string_view local_name(const pugi::xml_node &node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);
}

/* Elements of a domain that check reads. */
bool is_part(std::string_view name) {
  for (const char *part : {"vcpu", "vcpus", "cputune", "iothreads", "iothreadids", "numatune",
                           "cpu", "vcpupin", "emulatorpin", "iothreadpin"})
    if (name == part)
      return true;
  return false;
}

/* What libvirt writes around a domain: of a running guest, a snapshot, a checkpoint. */
bool is_around(std::string_view name) {
  for (const char *around :
       {"domstatus", "domainsnapshot", "domaincheckpoint", "domainSnapshot", "domains", "snapshot"})
    if (name == around)
      return true;
  return false;
}

pugi::xml_node domain_of(pugi::xml_node parent) {
  while (parent) {
    pugi::xml_node around;
    for (pugi::xml_node child : parent.children()) {
      if (local_name(child) == "domain")
        return child;
      if (!around && is_around(local_name(child)))
        around = child;
    }
    parent = around;
  }
  return {};
}

bool has_part(const pugi::xml_node &parent) {
  for (pugi::xml_node child : parent.children())
    if (is_part(child.name()))
      return true;
  return false;
}

/* UTF-16 and UTF-32 have such bytes, and begin with one, or with a mark. */
bool has_stray_zero(std::string_view text) {
  return text.find('\0') != std::string_view::npos && !text.starts_with("\xff\xfe") &&
         !text.starts_with("\xfe\xff") && text.substr(0, 4).find('\0') == std::string_view::npos;
}

Error not_a_domain(const std::string &text, const std::string &otherwise) {
  const std::string kind = text_kind(text);
  if (kind.empty())
    return Error{otherwise};
  return Error{"this is " + kind + ", not a <domain> of libvirt's"};
}

} // namespace

Result<> read_domain_xml(const std::string &text, DomainXml &domain) {
  if (has_stray_zero(text))
    return Error{"this is not text: it has bytes that are zero"};
  const pugi::xml_parse_result parsed = domain.document.load_buffer(
      text.data(), text.size(), pugi::parse_default | pugi::parse_doctype);
  const auto not_xml = [&] {
    return fmt::format("this is not XML: {} (byte {})", parsed.description(), parsed.offset);
  };
  if (!parsed && !text.starts_with("<"))
    return not_a_domain(text, not_xml());
  if (!parsed)
    return Error{not_xml()};
  for (pugi::xml_node child : domain.document.children())
    if (child.type() == pugi::node_doctype)
      return Error{"this XML has a DOCTYPE, which no domain of libvirt's has: its entities are not "
                   "read"};
  domain.node = domain_of(domain.document);
  if (!domain.node && has_part(domain.document)) {
    domain.node = domain.document;
    domain.is_whole = false;
  }
  if (!domain.node)
    return not_a_domain(text, "this is no <domain> of libvirt's");
  return {};
}

} // namespace qemu_pin
