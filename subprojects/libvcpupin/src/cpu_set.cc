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
  drop_zeros();
}

void vcpupin_cpus::drop_zeros() {
  while (!words_.empty() && words_.back() == 0)
    words_.pop_back();
}

void vcpupin_cpus::remove_all(const vcpupin_cpus &other) {
  for (std::size_t i = 0; i < std::min(words_.size(), other.words_.size()); ++i)
    words_[i] &= ~other.words_[i];
  drop_zeros();
}

void vcpupin_cpus::keep(const vcpupin_cpus &other) {
  words_.resize(std::min(words_.size(), other.words_.size()));
  for (std::size_t i = 0; i < words_.size(); ++i)
    words_[i] &= other.words_[i];
  drop_zeros();
}

bool vcpupin_cpus::intersects(const vcpupin_cpus &other) const {
  for (std::size_t i = 0; i < std::min(words_.size(), other.words_.size()); ++i) {
    if ((words_[i] & other.words_[i]) != 0)
      return true;
  }
  return false;
}

int vcpupin_cpus::compare(const vcpupin_cpus &other) const {
  /* The lowest CPU that only one of them has decides: the other one goes on with a higher
   * CPU, or is over. */
  for (std::size_t i = 0; i < std::max(words_.size(), other.words_.size()); ++i) {
    const std::uint64_t a = i < words_.size() ? words_[i] : 0;
    const std::uint64_t b = i < other.words_.size() ? other.words_[i] : 0;
    if (a == b)
      continue;
    const auto cpu =
        static_cast<unsigned>(i) * word_bits + static_cast<unsigned>(std::countr_zero(a ^ b));
    const bool is_ours = contains(cpu);
    const bool goes_on = (is_ours ? other : *this).next_in(cpu).has_value();
    return is_ours == goes_on ? -1 : 1;
  }
  return 0;
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
