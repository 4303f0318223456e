/*
 * Sets of host CPUs: libvcpupin's, as a value that is used as the standard library's sets
 * are. What a list looks like, and what it may hold, is libvcpupin's to say.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CPU_SET_H
#define QEMU_PIN_CPU_SET_H

#include "base/result.h"

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <vcpupin.h>

namespace qemu_pin {

/* Host CPUs, as Linux numbers them. Functions that allocate throw std::bad_alloc when memory is
 * exhausted; insert() throws std::out_of_range for a CPU above VCPUPIN_CPU_MAX. */
class CpuSet {
public:
  /* Walks the CPUs in ascending order. */
  class Iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = unsigned;
    using difference_type = std::ptrdiff_t;
    using pointer = const unsigned *;
    using reference = unsigned;

    Iterator() = default;
    unsigned operator*() const { return cpu_; }
    Iterator &operator++() {
      move_to(cpu_ + 1);
      return *this;
    }
    Iterator operator++(int) {
      const Iterator former = *this;
      ++*this;
      return former;
    }
    bool operator==(const Iterator &) const = default;

  private:
    friend class CpuSet;
    explicit Iterator(const vcpupin_cpus *cpus) : cpus_(cpus) { move_to(0); }
    void move_to(unsigned from) {
      if (!vcpupin_cpus_next(cpus_, from, &cpu_))
        *this = Iterator();
    }

    const vcpupin_cpus *cpus_ = nullptr;
    unsigned cpu_ = 0;
  };
  using iterator = Iterator;
  using const_iterator = Iterator;
  using value_type = unsigned;

  CpuSet() = default;
  CpuSet(std::initializer_list<unsigned> cpus) : CpuSet(cpus.begin(), cpus.end()) {}
  template <typename Input> CpuSet(Input first, Input last) { insert(first, last); }
  /* Takes the library's set over. */
  explicit CpuSet(vcpupin_cpus *owned) : cpus_(owned) {}
  CpuSet(const CpuSet &other);
  CpuSet(CpuSet &&) noexcept = default;
  CpuSet &operator=(const CpuSet &other) { return *this = CpuSet(other); }
  CpuSet &operator=(CpuSet &&) noexcept = default;
  ~CpuSet() = default;

  /* A copy of the library's set. */
  static CpuSet copy_of(const vcpupin_cpus *cpus);

  /* The library's set, borrowed; never null. */
  const vcpupin_cpus *get() const;

  bool empty() const { return size() == 0; }
  std::size_t size() const { return cpus_ ? vcpupin_cpus_count(cpus_.get()) : 0; }
  bool contains(unsigned cpu) const { return cpus_ && vcpupin_cpus_contains(cpus_.get(), cpu); }
  bool contains_all(const CpuSet &others) const {
    return vcpupin_cpus_contains_all(get(), others.get());
  }
  bool intersects(const CpuSet &other) const { return vcpupin_cpus_intersects(get(), other.get()); }

  Iterator begin() const { return cpus_ ? Iterator(cpus_.get()) : Iterator(); }
  Iterator end() const { return {}; }
  /* The highest CPU; of a set that is not empty. */
  unsigned last() const;

  void insert(unsigned cpu);
  template <typename Input> void insert(Input first, Input last) {
    for (; first != last; ++first)
      insert(*first);
  }
  void erase(unsigned cpu);
  /* Adds all of others. */
  void merge(const CpuSet &others);
  /* Removes what is not in others. */
  void keep(const CpuSet &others);

  friend bool operator==(const CpuSet &a, const CpuSet &b) {
    return vcpupin_cpus_equal(a.get(), b.get());
  }
  /* By their CPUs, lowest first, as words are ordered by their letters. */
  friend bool operator<(const CpuSet &a, const CpuSet &b) {
    return vcpupin_cpus_compare(a.get(), b.get()) < 0;
  }

private:
  struct Free {
    void operator()(vcpupin_cpus *cpus) const { vcpupin_cpus_free(cpus); }
  };
  vcpupin_cpus *changed();

  std::unique_ptr<vcpupin_cpus, Free> cpus_; /* null: empty */

  friend CpuSet without(const CpuSet &all, const CpuSet &others);
};

/* From a CPU list; the message is libvcpupin's. */
Result<CpuSet> read_cpu_set(const std::string &list);

/* "0-3,8"; "" for none. */
std::string cpu_list(const CpuSet &cpus);

/* Of a CPU list, as people are told of it: "CPU 5", "CPUs 2-3"; "CPU 5 is", "CPUs 2-3 are". */
std::string cpus_text(const std::string &list);
std::string cpus_are(const std::string &list);

/* From a mask as the kernel prints them: "ff", "00000003,ffffffff". */
Result<CpuSet> read_cpu_mask(const std::string &mask);

/* As such a mask, with as many digits and commas as like has, and more if the CPUs need
 * them. like: a mask of the kernel's. */
std::string cpu_mask(const CpuSet &cpus, const std::string &like);

/* Those of all that are not in others. */
CpuSet without(const CpuSet &all, const CpuSet &others);

/* What a call of libvcpupin's gave as its message, which is freed. */
Error library_error(char *message);

} // namespace qemu_pin

#endif
