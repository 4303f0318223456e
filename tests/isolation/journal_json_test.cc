/*
 * A journal as version 1 of the format has it, with a change of each kind: what an older
 * qemu-pin wrote is read, and written the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isolation/journal.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

const std::string version_1 = R"({
 "qemu-pin-journal": 1,
 "boot": "3e1b",
 "isolations": [
  {
   "cpus": "2-3,6",
   "state": "isolated",
   "process": 24490,
   "command": "qemu-pin isolate 2-3,6",
   "time": "2026-11-29T12:36:28Z",
   "group": "/sys/fs/cgroup/qemu-pin-2-3,6",
   "steps": [
    "cpuset",
    "irq"
   ]
  },
  {
   "cpus": "",
   "state": "restoring",
   "process": 24491,
   "command": "qemu-pin vfio-isolate drop-caches",
   "time": "2026-11-29T12:36:29Z",
   "group": "",
   "steps": []
  }
 ],
 "changes": [
  {
   "step": "irq",
   "irqbalance": "812 123",
   "format": "list",
   "means": "0",
   "before": "\n",
   "now": "0,2-3,6\n",
   "claims": [
    {
     "by": "2-3,6",
     "with": "2-3,6"
    }
   ]
  },
  {
   "step": "irq",
   "file": "/proc/irq/24/smp_affinity_list",
   "format": "list",
   "before": "0-7\n",
   "now": "0-1,4-5,7\n",
   "claims": [
    {
     "by": "2-3,6",
     "without": "2-3,6"
    },
    {
     "by": "",
     "value": "0\n"
    }
   ]
  },
  {
   "step": "cpuset",
   "unit": "system.slice AllowedCPUs",
   "format": "list",
   "means": "0-7",
   "before": "",
   "now": "0-1,4-5,7\n",
   "claims": []
  },
  {
   "step": "kthreads",
   "thread": "19 456",
   "format": "mask",
   "before": "ff\n",
   "now": "b3\n",
   "claims": []
  },
  {
   "step": "cpuset",
   "group": "/sys/fs/cgroup/qemu-pin-host",
   "home": "/sys/fs/cgroup",
   "members": "cgroup.procs",
   "by": [
    "2-3,6",
    ""
   ]
  },
  {
   "step": "cpuset",
   "process": 4711,
   "start_time": 18446744073709551615,
   "from": "/sys/fs/cgroup/cgroup.procs",
   "to": "/sys/fs/cgroup/qemu-pin-2-3,6/cgroup.procs",
   "by": "2-3,6"
  },
  {
   "step": "cpuset-delete",
   "removed": "/sys/fs/cgroup/old",
   "values": {
    "cpuset.cpus": "1\n"
   },
   "by": ""
  }
 ]
}
)";

std::string replaced(const std::string &from, const std::string &to) {
  std::string text = version_1;
  return text.replace(text.find(from), from.size(), to);
}

} // namespace

TEST(JournalJson, OfVersion1IsReadAndWrittenTheSame) {
  auto content = journal_from_json(version_1, "3e1b");
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(to_json(*content, "3e1b"), version_1);
}

TEST(JournalJson, SettingsAndIsolationsAreFoundByWhatTheyAre) {
  auto content = journal_from_json(version_1, "3e1b");
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_NE(content->find(IsolationId({2, 3, 6})), nullptr);
  EXPECT_NE(content->find(IsolationId()), nullptr);
  EXPECT_EQ(content->find(IsolationId({2, 3})), nullptr);
  EXPECT_NE(content->find_setting(FileSetting{"/proc/irq/24/smp_affinity_list"}), nullptr);
  EXPECT_NE(content->find_setting(ThreadSetting{{19, 456}}), nullptr);
  EXPECT_EQ(content->find_setting(ThreadSetting{{19, 457}}), nullptr);
  EXPECT_NE(content->find_setting(IrqbalanceSetting{{812, 123}}), nullptr);
  EXPECT_EQ(content->find_setting(ThreadSetting{{812, 123}}), nullptr);
  EXPECT_TRUE(content->has_thread(19));
  EXPECT_FALSE(content->has_thread(1));
  EXPECT_FALSE(content->has_thread(812));
}

TEST(JournalJson, WhatNamesNothingIsRefusedByItsName) {
  const std::vector<std::array<std::string, 3>> cases = {
      {R"("thread": "19 456")", R"("thread": "19")", "'19' names no thread"},
      {R"("unit": "system.slice AllowedCPUs")", R"("unit": "system.slice MemoryMax")",
       "'system.slice MemoryMax' names no unit"},
      {R"("cpus": "2-3,6")", R"("cpus": "2-3,x")", "'x'"},
      {R"("thread": "19 456")", R"("socket": "19 456")", "a change is of nothing"},
  };
  for (const auto &[from, to, message] : cases) {
    auto content = journal_from_json(replaced(from, to), "3e1b");
    ASSERT_FALSE(content) << to;
    EXPECT_NE(content.error().message.find(message), std::string::npos) << content.error().message;
  }
}
