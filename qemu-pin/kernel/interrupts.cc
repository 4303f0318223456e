/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/interrupts.h"

#include "base/file_content.h"
#include "base/number.h"
#include "base/text_file.h"

#include <algorithm>
#include <string_view>

namespace qemu_pin {

namespace {

/* The first word, which is taken from the line; "" if there is none. */
std::string_view next_word(std::string_view &line) {
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

std::string_view next_line(std::string_view &text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

/* "           CPU0       CPU2" */
std::vector<unsigned> columns(std::string_view heading) {
  std::vector<unsigned> cpus;
  for (std::string_view word; !(word = next_word(heading)).empty();)
    if (auto cpu = word.starts_with("CPU") ? number<unsigned>(word.substr(3)) : std::nullopt)
      cpus.push_back(*cpu);
  return cpus;
}

} // namespace

Result<std::vector<Interrupt>> read_interrupts(const std::string &file) {
  const auto text = read_text_file(file, content_limit);
  if (!text)
    return text.error();
  std::string_view rest = *text;
  const std::vector<unsigned> cpus = columns(next_line(rest));
  if (cpus.empty())
    return Error{file + ": no CPU is named"};
  std::vector<Interrupt> found;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    std::string_view words = line;
    const std::string_view label = next_word(words);
    if (!label.ends_with(':'))
      return Error{file + ": not an interrupt: " + std::string(line)};
    Interrupt interrupt{std::string(label.substr(0, label.size() - 1)), "", {}};
    /* Some have one count for all (ERR, MIS): they are of no CPU. */
    for (const unsigned cpu : cpus) {
      const auto count = number<std::uint64_t>(next_word(words));
      if (!count)
        break;
      interrupt.counts.emplace_hint(interrupt.counts.end(), cpu, *count);
    }
    if (interrupt.counts.size() < cpus.size())
      continue;
    for (std::string_view word; !(word = next_word(words)).empty();)
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
