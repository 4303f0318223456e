/*
 * Every call with its first allocation failing, then its second, and so on, until
 * it has enough: no exception leaves the library, the message is NULL, and
 * nothing has changed. A program of its own, because it replaces operator new.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "captured_root.h"
#include "scarce_memory.h"

#include <gtest/gtest.h>

#include <functional>

namespace {

/* Calls with 0, 1, 2... allocations until it succeeds. */
void starve(
    const std::function<bool(char **error)> &call,
    const std::function<void()> &after_failure = [] {}) {
  constexpr int enough = 1000;
  for (int n = 0; n < enough; ++n) {
    char untouched[] = "untouched";
    char *error = untouched;
    allocations_left = n;
    const bool succeeded = call(&error);
    allocations_left = -1;
    if (succeeded) {
      EXPECT_EQ(error, untouched);
      EXPECT_GT(n, 0) << "the call allocated nothing";
      return;
    }
    ASSERT_EQ(error, nullptr) << "after " << n << " allocations: " << error;
    after_failure();
  }
  FAIL() << "not enough memory after " << enough << " allocations";
}

TEST(MemoryExhausted, ParsingFailsWithoutAMessage) {
  starve([](char **error) { return Cpus(vcpupin_cpus_parse("0-3,8,4096", error)) != nullptr; });
}

TEST(MemoryExhausted, CopyingFailsWithoutAMessage) {
  const Cpus original = cpus("0-3");
  starve([&](char **error) { return Cpus(vcpupin_cpus_copy(original.get(), error)) != nullptr; });
}

TEST(MemoryExhausted, ReadingTheLiveHostFailsWithoutAMessage) {
  starve([](char **error) { return Host(vcpupin_host_read(nullptr, error)) != nullptr; });
}

TEST(MemoryExhausted, ReadingACapturedHostFailsWithoutAMessage) {
  const CapturedRoot root("0-7", "0-5", "2-3");
  const std::string path = root.path();
  starve([&](char **error) { return Host(vcpupin_host_read(path.c_str(), error)) != nullptr; });
}

TEST(MemoryExhausted, TableIsAsItWas) {
  const Host host = CapturedRoot("0-7", "0-5", "2-3").read();
  const Table table(vcpupin_table_new(host.get(), own_pin().get(), 4, false));
  starve(
      [&](char **error) {
        const char *affinity[] = {"2-3", "3"};
        const vcpupin_request request = {"1", affinity, 2, "fifo", "7"};
        return vcpupin_table_add_vcpu(table.get(), &request, nullptr, error);
      },
      [&] { EXPECT_EQ(vcpupin_table_vcpu(table.get(), 1), nullptr); });
  EXPECT_EQ(list_of(vcpupin_pin_cpus(vcpupin_table_vcpu(table.get(), 1))), "2-3");
}

TEST(MemoryExhausted, FailureThatCannotBeToldIsStillAFailure) {
  allocations_left = 2;
  char *error = nullptr;
  const vcpupin_cpus *cpus =
      vcpupin_cpus_parse("a long piece of text that is no CPU list at all", &error);
  allocations_left = -1;
  EXPECT_EQ(cpus, nullptr);
  EXPECT_EQ(error, nullptr);
}

} // namespace
