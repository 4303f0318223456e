/*
 * The names that a journal has for settings, and what people are told.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/setting.h"

#include <gtest/gtest.h>
#include <tuple>

using namespace qemu_pin;

TEST(SettingNames, AreReadAndPrintedTheSame) {
  using Property = UnitSetting::Property;
  const std::vector<std::tuple<Setting, const char *, const char *, const char *>> cases = {
      {FileSetting{"/proc/irq/24/smp_affinity_list"}, "file", "/proc/irq/24/smp_affinity_list",
       "/proc/irq/24/smp_affinity_list"},
      {ThreadSetting{{4711, 123456}}, "thread", "4711 123456", "thread 4711"},
      {UnitSetting{"system.slice", Property::allowed_cpus}, "unit", "system.slice AllowedCPUs",
       "system.slice AllowedCPUs"},
      {UnitSetting{"qemu-pin-2-7.scope", Property::allowed_memory_nodes}, "unit",
       "qemu-pin-2-7.scope AllowedMemoryNodes", "qemu-pin-2-7.scope AllowedMemoryNodes"},
      {IrqbalanceSetting{{812, 18446744073709551615U}}, "irqbalance", "812 18446744073709551615",
       "irqbalance 812"},
  };
  for (const auto &[setting, kind, name, text] : cases) {
    EXPECT_STREQ(setting_kind(setting), kind);
    EXPECT_EQ(setting_name(setting), name);
    EXPECT_EQ(setting_text(setting), text);
    auto named = setting_named(kind, name);
    ASSERT_TRUE(named) << named.error().message;
    EXPECT_EQ(*named, setting);
  }
}

TEST(SettingNames, OfNoThreadAreRefused) {
  for (const char *name : {"", "4711", "4711 ", " 123", "4711 123 4", "4711  123", "x 123",
                           "4711 -1", "99999999999 1"})
    for (const char *kind : {"thread", "irqbalance"}) {
      auto named = setting_named(kind, name);
      ASSERT_FALSE(named) << name;
      EXPECT_EQ(named.error().message, "'" + std::string(name) + "' names no thread");
    }
}

TEST(SettingNames, OfOthersThanCpusAndNodesOfUnitsAreRefused) {
  for (const char *name :
       {"system.slice", "system.slice MemoryMax", "system AllowedCPUs", "../x.slice AllowedCPUs",
        "x.timer AllowedCPUs", " AllowedCPUs", "system.slice AllowedCPUs "}) {
    auto named = setting_named("unit", name);
    ASSERT_FALSE(named) << name;
    EXPECT_EQ(named.error().message,
              "'" + std::string(name) + "' names no unit and property of CPUs or memory nodes");
  }
}

TEST(FileSetting, IsInAFolder) {
  const FileSetting file{"/sys/fs/cgroup/user.slice/cpuset.cpus"};
  EXPECT_EQ(file.folder(), "/sys/fs/cgroup/user.slice");
  EXPECT_EQ(file.name(), "cpuset.cpus");
}
