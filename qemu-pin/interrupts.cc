/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interrupts.h"

#include "number.h"
#include "text_file.h"

#include <algorithm>
#include <sstream>

namespace qemu_pin {

namespace {

/* "           CPU0       CPU2" */
std::vector<unsigned> columns(const std::string &heading) {
  std::vector<unsigned> cpus;
  std::istringstream words(heading);
  for (std::string word; words >> word;)
    if (auto cpu = word.starts_with("CPU") ? number<unsigned>(word.substr(3)) : std::nullopt)
      cpus.push_back(*cpu);
  return cpus;
}

} // namespace

Result<std::vector<Interrupt>> read_interrupts(const std::string &file) {
  auto text = read_text_file(file);
  if (!text)
    return text.error();
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);
  const std::vector<unsigned> cpus = columns(line);
  if (cpus.empty())
    return Error{file + ": no CPU is named"};
  std::vector<Interrupt> found;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    Interrupt interrupt;
    if (!(words >> interrupt.label) || !interrupt.label.ends_with(':'))
      return Error{file + ": not an interrupt: " + line};
    interrupt.label.pop_back();
    /* Some have one count for all (ERR, MIS): they are of no CPU. */
    for (const unsigned cpu : cpus) {
      std::uint64_t count = 0;
      if (!(words >> count))
        break;
      interrupt.counts[cpu] = count;
    }
    if (interrupt.counts.size() < cpus.size())
      continue;
    for (std::string word; words >> word;)
      interrupt.name.append(interrupt.name.empty() ? "" : " ").append(word);
    found.push_back(std::move(interrupt));
  }
  return found;
}

std::vector<Interrupt> fired(const std::vector<Interrupt> &before,
                             const std::vector<Interrupt> &after, const CpuSet &cpus) {
  std::vector<Interrupt> found;
  for (const Interrupt &now : after) {
    const auto then = std::find_if(before.begin(), before.end(),
                                   [&](const Interrupt &one) { return one.label == now.label; });
    Interrupt difference{now.label, now.name, {}};
    for (const auto &[cpu, count] : now.counts) {
      const std::uint64_t former =
          then != before.end() && then->counts.contains(cpu) ? then->counts.at(cpu) : 0;
      if (cpus.contains(cpu) && count > former)
        difference.counts[cpu] = count - former;
    }
    if (!difference.counts.empty())
      found.push_back(std::move(difference));
  }
  return found;
}

} // namespace qemu_pin
