/*
 * What becomes of a setting when an isolation ends, decided without a host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isolation/undo_decision.h"

#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

using Kind = UndoDecision::Kind;

const IsolationId ours({2, 3});
const EndingIsolation ending{ours, /*force=*/false, {0, 1, 2, 3, 4, 5, 6, 7}};

/* "2-3" has taken its CPUs out of 0-7. */
SettingChange change_of(const Setting &setting) {
  return {setting, ValueFormat::list, "",
          "0-7\n", "0-1,4-7\n",       {{IsolationId({2, 3}), Claim::Want::without, "2-3"}}};
}

SettingChange interrupt() {
  return change_of(FileSetting{"/proc/irq/24/smp_affinity_list"});
}

UndoDecision decided(const SettingChange &change, const FoundSetting &found,
                     const EndingIsolation &isolation = ending) {
  auto decision = decide_undo(change, found, isolation);
  EXPECT_TRUE(decision) << decision.error().message;
  return decision ? *decision : UndoDecision{Kind::leave};
}

} // namespace

TEST(UndoDecision, WhatIsAsItWasLeftGetsWhatWasBefore) {
  const UndoDecision decision = decided(interrupt(), {"0-1,4-7\n", {}});
  EXPECT_EQ(decision.kind, Kind::write);
  EXPECT_EQ(decision.wanted, "0-7\n");
}

TEST(UndoDecision, WhatAnotherIsolationStillAsksForIsKept) {
  SettingChange change = interrupt();
  change.now = "0-1,6-7\n";
  change.claims.push_back({IsolationId({4, 5}), Claim::Want::without, "4-5"});
  EXPECT_EQ(decided(change, {"0-1,6-7\n", {}}).wanted, "0-3,6-7\n");
  EXPECT_EQ(without_claims(change, ours).claims.size(), 1U);
}

TEST(UndoDecision, WhatHasGoneOrIsSoIsNotWritten) {
  EXPECT_EQ(decided(interrupt(), {std::nullopt, {}}).kind, Kind::is_so);
  EXPECT_EQ(decided(interrupt(), {"0-7\n", {}}).kind, Kind::is_so);
}

TEST(UndoDecision, WhatSomebodyElseChangedStaysUnlessForced) {
  const UndoDecision decision = decided(interrupt(), {"5\n", {}});
  EXPECT_EQ(decision.kind, Kind::leave);
  EXPECT_EQ(decision.line, "/proc/irq/24/smp_affinity_list: changed by somebody else since, to "
                           "'5'; it was '0-7'");
  EXPECT_FALSE(decision.put_back);
  EndingIsolation forced = ending;
  forced.force = true;
  EXPECT_EQ(decided(interrupt(), {"5\n", {}}, forced).kind, Kind::write);
}

TEST(UndoDecision, AnInterruptThatIrqbalanceMovedStays) {
  EXPECT_EQ(decided(interrupt(), {"5\n", {}, /*is_balanced=*/true}).kind, Kind::balanced);
  EXPECT_EQ(decided(interrupt(), {"5\n", {}, /*is_balanced=*/false}).kind, Kind::leave);
}

TEST(UndoDecision, AMaskThatTheKernelResetIsNobodysWish) {
  const SettingChange change = change_of(ThreadSetting{{4711, 123}});
  EXPECT_EQ(decided(change, {"0-3\n", ThreadMask{"0-3\n", true}}).kind, Kind::write);
}

TEST(UndoDecision, AMaskThatSomebodyGaveIsPutBack) {
  const SettingChange change = change_of(ThreadSetting{{4711, 123}});
  const UndoDecision decision = decided(change, {"0-6\n", ThreadMask{"6\n", false}});
  EXPECT_EQ(decision.kind, Kind::leave);
  EXPECT_EQ(decision.put_back, "6\n");
  EXPECT_FALSE(decided(change, {"6\n", ThreadMask{"6\n", false}}).put_back);
}

TEST(UndoDecision, WhatWasNoSetFails) {
  SettingChange change = interrupt();
  change.before = "x\n";
  change.claims.push_back({IsolationId({4, 5}), Claim::Want::without, "4-5"});
  EXPECT_FALSE(decide_undo(change, {"5\n", {}}, ending));
}
