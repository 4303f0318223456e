/*
 * Pins for many threads at once, each test in a process of its own, whose threads
 * are all the test's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "threads.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

/* A thread that does as it is told and then waits for its end. */
class Sleeper {
public:
  explicit Sleeper(std::function<void()> first = [] {}) {
    std::unique_lock lock(mutex_);
    thread_ = std::thread([this, first = std::move(first)] {
      first();
      std::unique_lock inner(mutex_);
      id_ = static_cast<int>(syscall(SYS_gettid));
      changed_.notify_all();
      changed_.wait(inner, [this] { return ends_; });
    });
    changed_.wait(lock, [this] { return id_ != 0; });
  }
  Sleeper(const Sleeper &) = delete;
  Sleeper &operator=(const Sleeper &) = delete;
  ~Sleeper() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  int id() const { return id_; }
  std::string mask() const { return list_of(Cpus(vcpupin_cpus_read_affinity(id_, nullptr))); }
  int policy() const { return sched_getscheduler(id_); }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int id_ = 0;
  bool ends_ = false;
  std::thread thread_;
};

class Process : public testing::Test {
protected:
  void SetUp() override {
    const std::vector<unsigned> usable = usable_cpus();
    if (usable.size() < 2)
      GTEST_SKIP() << "needs two CPUs";
    first_ = std::to_string(usable[0]);
    second_ = std::to_string(usable[1]);
  }

  std::string first_;
  std::string second_;
};

/* A message with thread ids taken out. */
std::string without_ids(std::string text) {
  for (std::size_t at = 0; (at = text.find("thread ", at)) != std::string::npos;) {
    at += 7;
    text.erase(at, text.find_first_not_of("0123456789", at) - at);
  }
  return text;
}

TEST_F(Process, AllThreadsArePinnedButTheExcepted) {
  EXPECT_EQ(in_child([&] {
              const Sleeper one;
              const Sleeper two([&] { apply(first_); });
              const Sleeper excepted([&] { apply(first_); });
              const int id = excepted.id();
              if (!vcpupin_apply_cpus_all(cpus(second_).get(), &id, 1, nullptr))
                return std::string("failed");
              return own_affinity() + " " + one.mask() + " " + two.mask() + " " + excepted.mask();
            }),
            second_ + " " + second_ + " " + second_ + " " + first_);
}

TEST_F(Process, AllThreadsAreScheduledAlikeWithAPin) {
  EXPECT_EQ(in_child([&] {
              const Sleeper batch([&] {
                const sched_param none{};
                sched_setscheduler(0, SCHED_BATCH, &none);
              });
              const Sleeper other([&] { apply(first_); });
              const Pin pin(vcpupin_pin_read(batch.id(), nullptr));
              if (!vcpupin_apply_all(pin.get(), nullptr, 0, nullptr))
                return std::string("failed");
              return std::to_string(other.policy()) + " " +
                     std::to_string(other.mask() == batch.mask());
            }),
            std::to_string(SCHED_BATCH) + " 1");
}

TEST_F(Process, WhenOneCannotBePinnedAllAreAsBefore) {
  EXPECT_EQ(
      in_child([&] {
        const Sleeper one([&] { apply(first_); });
        const Sleeper two([&] { apply(second_); });
        Message message;
        if (vcpupin_apply_cpus_all(cpus(first_ + ",1048575").get(), nullptr, 0, message.out()))
          return std::string("succeeded");
        return one.mask() + " " + two.mask() + " " + without_ids(message.str());
      }),
      first_ + " " + second_ + " thread  (unit_tests): asked for host CPUs " + first_ +
          ",1048575, the kernel gave only " + first_);
}

TEST_F(Process, StrayThreadGetsTheEmulatorsPinAndNoOtherMoves) {
  EXPECT_EQ(in_child([&] {
              const Sleeper pinned([&] { apply(second_); });
              const Sleeper stray([&] { apply(second_); });
              apply(first_);
              const Sleeper emulators;
              const int id = pinned.id();
              std::size_t moved = 77;
              if (!vcpupin_collect_strays(own_pin().get(), &id, 1, &moved, nullptr))
                return std::string("failed");
              return std::to_string(moved) + " " + pinned.mask() + " " + stray.mask() + " " +
                     emulators.mask();
            }),
            "1 " + second_ + " " + first_ + " " + first_);
}

TEST_F(Process, ThreadWithAMaskOfItsOwnIsNoStray) {
  EXPECT_EQ(in_child([&] {
              const std::string both = own_affinity();
              const Sleeper pinned([&] { apply(second_); });
              const Sleeper own;
              apply(first_);
              const int id = pinned.id();
              std::size_t moved = 77;
              vcpupin_collect_strays(own_pin().get(), &id, 1, &moved, nullptr);
              return std::to_string(moved) + (own.mask() == both ? " left" : " moved");
            }),
            "0 left");
}

TEST_F(Process, StrayThreadWithTheSameCpusLosesTheRealTimePolicy) {
  const std::string found = in_child([&] {
    const auto become_fifo = [&] {
      sched_param one{};
      one.sched_priority = 1;
      sched_setscheduler(0, SCHED_FIFO, &one);
    };
    const Sleeper pinned(become_fifo);
    const Sleeper stray(become_fifo);
    if (pinned.policy() != SCHED_FIFO)
      return std::string("not permitted");
    const int id = pinned.id();
    if (!vcpupin_collect_strays(own_pin().get(), &id, 1, nullptr, nullptr))
      return std::string("failed");
    return std::to_string(pinned.policy()) + " " + std::to_string(stray.policy());
  });
  if (found == "not permitted")
    GTEST_SKIP() << "needs CAP_SYS_NICE";
  EXPECT_EQ(found, std::to_string(SCHED_FIFO) + " " + std::to_string(SCHED_OTHER));
}

TEST_F(Process, StrayThreadThatCannotBeMovedIsNamed) {
  const std::string found = in_child([&] {
    const Sleeper pinned([&] { apply(second_); });
    const Sleeper stray([&] { apply(second_); });
    apply(first_);
    if (!refuse_syscall(SYS_sched_setaffinity, EPERM))
      return std::string("no filters");
    const int id = pinned.id();
    Message message;
    vcpupin_collect_strays(own_pin().get(), &id, 1, nullptr, message.out());
    return without_ids(message.str());
  });
  if (found == "no filters")
    GTEST_SKIP() << "needs seccomp filters";
  EXPECT_EQ(
      found.substr(0, found.find(" (this")),
      "thread  (unit_tests) inherited the pin of another: the kernel refuses to pin this thread "
      "to host CPU " +
          first_ + ": Operation not permitted");
}

} // namespace
