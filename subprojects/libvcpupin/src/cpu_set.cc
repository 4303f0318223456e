/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu_set.h"

#include <algorithm>
#include <bit>

namespace {

constexpr unsigned word_bits = 64;

std::uint64_t bit(unsigned cpu) {
  return std::uint64_t{1} << (cpu % word_bits);
}

} // namespace

void vcpupin_cpus::add(unsigned cpu) {
  const std::size_t word = cpu / word_bits;
  if (word >= words_.size())
    words_.resize(word + 1);
  words_[word] |= bit(cpu);
}

void vcpupin_cpus::remove(unsigned cpu) {
  if (!contains(cpu))
    return;
  words_[cpu / word_bits] &= ~bit(cpu);
  while (!words_.empty() && words_.back() == 0)
    words_.pop_back();
}

void vcpupin_cpus::add_all(const vcpupin_cpus &other) {
  words_.resize(std::max(words_.size(), other.words_.size()));
  for (std::size_t i = 0; i < other.words_.size(); ++i)
    words_[i] |= other.words_[i];
}

bool vcpupin_cpus::contains(unsigned cpu) const {
  const std::size_t word = cpu / word_bits;
  return word < words_.size() && (words_[word] & bit(cpu)) != 0;
}

std::size_t vcpupin_cpus::count() const {
  std::size_t n = 0;
  for (const std::uint64_t word : words_)
    n += static_cast<std::size_t>(std::popcount(word));
  return n;
}

std::optional<unsigned> vcpupin_cpus::next_in(unsigned from) const {
  /* A word at a time, as a set of one high CPU is a long row of zeros. */
  for (std::size_t word = from / word_bits; word < words_.size(); ++word, from = 0) {
    const std::uint64_t rest = words_[word] >> (from % word_bits) << (from % word_bits);
    if (rest != 0)
      return static_cast<unsigned>(word) * word_bits +
             static_cast<unsigned>(std::countr_zero(rest));
  }
  return std::nullopt;
}

unsigned vcpupin_cpus::next_out(unsigned from) const {
  unsigned cpu = from;
  while (contains(cpu))
    ++cpu;
  return cpu;
}

std::optional<unsigned> vcpupin_cpus::lowest_outside(const vcpupin_cpus &other) const {
  for (auto cpu = next_in(0); cpu; cpu = next_in(*cpu + 1)) {
    if (!other.contains(*cpu))
      return cpu;
  }
  return std::nullopt;
}

unsigned vcpupin_cpus::end() const {
  if (words_.empty())
    return 0;
  const auto below = static_cast<unsigned>(words_.size() - 1) * word_bits;
  return below + static_cast<unsigned>(std::bit_width(words_.back()));
}
