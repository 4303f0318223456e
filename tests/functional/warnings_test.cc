/*
 * What is allowed and still a mistake: one warning, and the machine starts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

#include <filesystem>

namespace {

class Warnings : public PinningTest {
protected:
  void expect_warned(const GuestSpec &spec, const std::string &warning) const {
    auto guest = running(spec);
    ASSERT_TRUE(guest);
    const std::string name = std::filesystem::path(GetParam().qemu).filename().native();
    EXPECT_EQ(without_cpu_warnings(guest->errors()),
              warning.empty() ? "" : name + ": warning: " + warning + "\n");
  }
};

} // namespace

TEST_P(Warnings, OfTwoVcpusOnOneAndTheSameCpu) {
  expect_warned(pinned({{0, b}, {1, b}}),
                "vCPUs 0-1 have to take turns: all are pinned to host CPU " + b);
}

TEST_P(Warnings, OfAVcpuOnTheEmulatorsOnlyCpu) {
  expect_warned(with(pinned({{1, a}}), {"-emulatorpin", "affinity=" + a}),
                "the emulator has no host CPU of its own: vCPU 1 is pinned to host CPU " + a +
                    " too");
}

TEST_P(Warnings, OfNothingElse) {
  expect_warned(pinned({{0, a}, {1, b}}), "");
  expect_warned(with(pinned({{0, a}}), {"-emulatorpin", "affinity=" + both}), "");
  expect_warned(with(pinned({{0, both}, {1, both}}), {}), "");
}

INSTANTIATE_TEST_SUITE_P(Pinning, Warnings,
                         testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})), machine_name);
