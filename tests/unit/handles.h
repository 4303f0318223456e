/*
 * The library's objects with the lifetime of a variable, and its messages as
 * strings, so that a test is about behaviour and not about free().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_HANDLES_H
#define TESTS_UNIT_HANDLES_H

#include "vcpupin.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

template <auto Free> struct Freer {
  template <typename T> void operator()(T *object) const { Free(object); }
};

using Cpus = std::unique_ptr<vcpupin_cpus, Freer<vcpupin_cpus_free>>;
using Host = std::unique_ptr<vcpupin_host, Freer<vcpupin_host_free>>;
using Pin = std::unique_ptr<vcpupin_pin, Freer<vcpupin_pin_free>>;
using Table = std::unique_ptr<vcpupin_table, Freer<vcpupin_table_free>>;
using CString = std::unique_ptr<char, Freer<std::free>>;

/* Receives a call's `char **error`. */
class Message {
public:
  Message() = default;
  Message(const Message &) = delete;
  Message &operator=(const Message &) = delete;
  ~Message() { std::free(text_); }

  char **out() {
    std::free(std::exchange(text_, nullptr));
    return &text_;
  }
  std::string str() const { return text_ != nullptr ? text_ : "(no message)"; }

private:
  char *text_ = nullptr;
};

inline std::string list_of(const vcpupin_cpus *cpus) {
  if (cpus == nullptr)
    return "(no set)";
  return CString(vcpupin_cpus_format(cpus)).get();
}

inline std::string list_of(const Cpus &cpus) {
  return list_of(cpus.get());
}

inline Cpus cpus(const std::string &list) {
  return Cpus(vcpupin_cpus_parse(list.c_str(), nullptr));
}

/* Pins the calling thread; "" or the message. */
inline std::string apply(const std::string &list) {
  Message message;
  return vcpupin_apply_cpus(0, cpus(list).get(), message.out()) ? "" : message.str();
}

/* What the calling thread has. */
inline Pin own_pin() {
  return Pin(vcpupin_pin_read(0, nullptr));
}

/* The calling thread's sched_getaffinity. */
inline std::string own_affinity() {
  return list_of(Cpus(vcpupin_cpus_read_affinity(0, nullptr)));
}

#endif
