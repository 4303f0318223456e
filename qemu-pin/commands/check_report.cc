/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/check_report.h"

#include "base/json.h"

#include <map>

namespace qemu_pin {

std::string check_text(const std::string &host, const Findings &findings) {
  std::string text = "host: " + host + "\n";
  for (const Finding &finding : findings.list)
    text += finding.kind + ": " + finding.message + "\n";
  for (const std::string &note : findings.notes)
    text += "note: " + note + "\n";
  if (findings.list.empty())
    text += "nothing is wrong with these pins on this host\n";
  if (findings.mend.empty())
    return text;
  text += "mend: " + findings.mend_title + "\n";
  for (const std::string &line : findings.mend)
    text += "    " + line + "\n";
  return text;
}

std::string check_json(const std::string &host, const Findings &findings) {
  static const std::map<Way, const char *> ways = {
      {Way::kept, "kept"}, {Way::permuted, "permuted"}, {Way::moved, "moved"}, {Way::anew, "anew"}};
  OrderedJson document;
  document["qemu-pin-check"] = 1;
  document["host"] = host;
  document["findings"] = OrderedJson::array();
  for (const Finding &finding : findings.list)
    document["findings"].push_back(
        {{"kind", finding.kind}, {"message", finding.message}, {"corrected", finding.corrected}});
  document["notes"] = findings.notes;
  if (!findings.mend.empty())
    document["mend"] = {{"vcpus", ways.at(findings.way)}, {"options", findings.mend}};
  return json_document(document);
}

} // namespace qemu_pin
