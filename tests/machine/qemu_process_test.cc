/*
 * A QEMU on a captured host: this process, as a folder has it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/temp_dir.h"
#include "machine/asked_options.h"
#include "machine/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

using namespace qemu_pin;
using namespace std::string_literals;

namespace {

class CapturedQemu : public testing::Test {
protected:
  void write(const std::string &name, const std::string &content) {
    dir.write("proc/" + std::to_string(getpid()) + "/" + name, content);
  }

  TempDir dir;
};

} // namespace

TEST_F(CapturedQemu, IsAllThatIsReadOfIt) {
  write("cmdline", "/usr/bin/qemu-system-x86_64\0-name\0guest=captured,debug-threads=on\0"s);
  write("environ", "QEMU_PIN_OPTIONS=-vcpu\n1,affinity=7\0"s);
  const std::string id = std::to_string(getpid());
  write("task/" + id + "/stat",
        id + " (qemu-system-x86) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 900 0 0 0 0 0 0 0 0 0 0 0 "
             "0 0 0 0 17 5 0 0 0 0 0 0 0 0 0 0 0 0 0");
  const Host host(dir.path());
  auto found = qemu_processes(host);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().guest_name(), "captured");
  auto asked = asked_options(found->front());
  ASSERT_TRUE(asked) << asked.error().message;
  ASSERT_EQ(asked->size(), 1U);
  EXPECT_EQ(asked->front().text(), "-vcpu 1,affinity=7");
  Machine machine(std::move(found->front()), std::nullopt);
  auto threads = machine.threads();
  ASSERT_TRUE(threads) << threads.error().message;
  ASSERT_EQ(threads->size(), 1U);
  EXPECT_EQ(threads->front().start_time, 900U);
  EXPECT_EQ(threads->front().processor, 5U);
  EXPECT_EQ(threads->front().name, "qemu-system-x86");
}

TEST_F(CapturedQemu, WhatRunsOnlyOnThisHostIsNone) {
  write("cmdline", "/bin/sleep\0001\0"s);
  const Host host(dir.path());
  auto found = qemu_processes(host);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->empty());
}
