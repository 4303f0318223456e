/*
 * What `qemu-pin plan` prints is what QEMU does: this host's plans, given to QEMU as
 * they are printed, and the kernel asked.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/cpu_set.h"
#include "base/json.h"
#include "pinning_test.h"
#include "pins/pin_plan.h"

#include <iterator>
#include <sstream>

namespace {

class Plan : public PinningTestWithFiles {
protected:
  /* What the command prints when called with these options. */
  std::string plan(std::vector<std::string> options) const {
    options.insert(options.begin(), {QEMU_PIN, "plan"});
    auto child = Child::start({options, files_->file("out"), files_->file("errors")});
    if (!child || child->wait() != 0)
      ADD_FAILURE() << read_text(files_->file("errors"));
    return read_text(files_->file("out"));
  }

  /* Starts QEMU with the plan's words, and compares its threads with the plan's JSON. */
  void expect_done(const std::vector<std::string> &options) const {
    std::istringstream text(plan(options));
    const std::vector<std::string> words(std::istream_iterator<std::string>(text), {});
    std::vector<std::string> json = options;
    json.push_back("--json");
    auto wanted = qemu_pin::plan_from_json(plan(json));
    ASSERT_TRUE(wanted) << wanted.error().message;
    ASSERT_EQ(words.at(0), "-smp");
    GuestSpec spec = this->spec({words.begin() + 2, words.end()});
    spec.smp = words[1];
    auto guest = running(spec, wanted->topology.cpus);
    ASSERT_TRUE(guest);
    Masks masks;
    for (unsigned vcpu = 0; vcpu < wanted->vcpus.size(); ++vcpu)
      masks[vcpu] = wanted->vcpus[vcpu];
    EXPECT_EQ(PinningTest::masks(*guest), masks);
    if (!wanted->emulator.empty()) {
      EXPECT_EQ(strays(*guest, wanted->emulator), none);
    }
    const auto iothreads = guest->monitor().execute("query-iothreads");
    ASSERT_TRUE(iothreads);
    EXPECT_EQ(iothreads->size(), wanted->iothreads.size());
  }
};

} // namespace

TEST_P(Plan, OneVcpuLeavesARestForTheEmulator) {
  expect_done({"--vcpus", "1", "--smt", "off"});
}

TEST_P(Plan, AllCpusAreTheGuests) {
  expect_done({"--all"});
}

TEST_P(Plan, IothreadsAreMadeWithTheirPins) {
  expect_done({"--vcpus", "1", "--smt", "off", "--iothreads", "1"});
}

TEST_P(Plan, MoreVcpusThanCpus) {
  expect_done({"--vcpus", std::to_string(usable.size() + 1), "--overcommit"});
}

INSTANTIATE_TEST_SUITE_P(Pinning, Plan, testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})),
                         machine_name);
