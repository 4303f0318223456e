/*
 * Pins under a sandbox that forbids QEMU to change any thread's affinity.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

namespace {

const std::string sandbox =
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
const std::string sealed =
    "pins cannot be changed: QEMU was started with -sandbox resourcecontrol=deny";

class SandboxPin : public PinningTest {
protected:
  static GuestSpec boxed(const GuestSpec &spec) { return with(spec, {"-sandbox", sandbox}); }
};

} // namespace

TEST_P(SandboxPin, EveryOptionTogetherHoldsForEveryThread) {
  if (!may_be_fifo())
    GTEST_SKIP() << "no right to real-time scheduling";
  auto guest = running(boxed(everything()));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, everything_asked()), none);
}

TEST_P(SandboxPin, UnnamedVcpusKeepTheStartMaskAndSoDoAllOthersWithoutAnEmulatorPin) {
  auto guest = running(boxed(with(pinned({{0, b}}), {"-emulatorpin", "affinity=" + a})));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {start}}}, {a}}), none);

  GuestSpec narrow = boxed(pinned({{0, a}}));
  narrow.affinity = {usable[1]};
  guest = running(narrow);
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {a}}, {1, {b}}}, {b}}), none);
}

TEST_P(SandboxPin, WorkersOfAPinnedIothreadAreTheEmulators) {
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  std::vector<Child> readers;
  auto guest = started(boxed(with(spec({"-emulatorpin", "affinity=" + a, "-object",
                                        "iothread,id=io0", "-iothreadpin", "io0,affinity=" + b}),
                                  disks(*files))));
  ASSERT_TRUE(guest);
  serve_disks(*guest, *files);
  readers.push_back(reader(*guest, *files, "io0"));
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}}, {a}, {{"io0", {b}}}}), none);
}

TEST_P(SandboxPin, NothingCanBeMovedLater) {
  auto guest = running(boxed(with(pinned({{0, b}, {1, b}}), {"-emulatorpin", "affinity=" + a})));
  ASSERT_TRUE(guest);
  for (const char *thread : {"vcpu[1]", "emulator"}) {
    EXPECT_EQ(execute(*guest, "qom-set",
                      {{"path", std::string("/machine/pinning/") + thread},
                       {"property", "affinity"},
                       {"value", a}}),
              sealed);
  }
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {a}}), none);
}

TEST_P(SandboxPin, AnIothreadThatIsAddedAgainIsPinnedAgain) {
  auto guest = started(boxed(spec({"-emulatorpin", "affinity=" + a, "-object", "iothread,id=io0",
                                   "-iothreadpin", "io0,affinity=" + b})));
  ASSERT_TRUE(guest);
  const nlohmann::json io0 = {{"qom-type", "iothread"}, {"id", "io0"}};
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(execute(*guest, "object-del", {{"id", "io0"}}), "");
    EXPECT_EQ(execute(*guest, "object-add", io0), "");
    EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}}, {a}, {{"io0", {b}}}}), none);
  }
}

TEST_P(SandboxPin, APinThatCannotHoldIsStillRefusedByItsName) {
  expect_refused(boxed(pinned({{0, a}, {2, b}})), " -vcpu 2,affinity=" + b + ": vCPU 2 ");
  expect_refused(boxed(pinned({{0, a}, {1, a}, {0, b}})),
                 " -vcpu 0,affinity=" + b + ": vCPU 0 is pinned already");
}

/* The process that would go on is made when no thread may be pinned any more. */
TEST_P(SandboxPin, ADaemonCannotHavePinsToo) {
  expect_refused(with(pinned({{0, b}}), {"-sandbox", "on,resourcecontrol=deny", "-daemonize"}),
                 " -daemonize cannot be used with pins and -sandbox resourcecontrol=deny: it "
                 "starts a new process after the sandbox, where no thread can be pinned any more");
}

/* A sandbox that leaves that right changes nothing. */
TEST_P(SandboxPin, OneThatDoesNotDenyItLetsThreadsPinThemselves) {
  auto guest = running(with(pinned({{0, b}, {1, a}}),
                            {"-emulatorpin", "affinity=" + a, "-sandbox", "on,spawn=deny"}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {a}}}, {a}}), none);
  EXPECT_EQ(execute(*guest, "qom-set",
                    {{"path", "/machine/pinning/vcpu[1]"}, {"property", "affinity"}, {"value", b}}),
            "");
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {a}}), none);
}

INSTANTIATE_TEST_SUITE_P(Pinning, SandboxPin,
                         testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})), machine_name);
