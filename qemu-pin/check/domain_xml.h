/*
 * The element of an XML text whose children are those of a <domain> of libvirt's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_DOMAIN_XML_H
#define QEMU_PIN_DOMAIN_XML_H

#include "base/result.h"

#include <pugixml.hpp>
#include <string>

namespace qemu_pin {

struct DomainXml {
  pugi::xml_document document; /* owns node */
  pugi::xml_node node;
  bool is_whole = true; /* false: elements of a domain, without <domain> around them */
};

/* Nothing outside of the text is read: entities stay as they are written, and a document type is
 * refused. Fails on text that is not XML, and on other XML, and says what it is. */
Result<> read_domain_xml(const std::string &text, DomainXml &domain);

} // namespace qemu_pin

#endif
