/*
 * -iothreadpin: iothreads of the command line, and those that come later.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

using namespace std::chrono_literals;

namespace {

const nlohmann::json io0 = {{"qom-type", "iothread"}, {"id", "io0"}};

} // namespace

TEST_P(VcpuThreads, EachIothreadHasItsPinAndTheOthersNone) {
  auto guest = started(spec({"-object", "iothread,id=io0", "-object", "iothread,id=io1", "-object",
                             "iothread,id=io2", "-iothreadpin", "io2,affinity=" + a, "-iothreadpin",
                             "affinity=" + b + ",iothread=io0"}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}},
                                 {start},
                                 {{"io0", {b}}, {"io1", {start}}, {"io2", {a}}}}),
            none);
}

TEST_P(VcpuThreads, AnIothreadThatIsAddedAgainIsPinnedAgain) {
  auto guest = started(with(pinned({{0, b}, {1, b}}),
                            {"-object", "iothread,id=io0", "-iothreadpin", "io0,affinity=" + b}));
  ASSERT_TRUE(guest);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {start}, {{"io0", {b}}}}), none);
    EXPECT_EQ(execute(*guest, "object-del", {{"id", "io0"}}), "");
    EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {start}}), none);
    EXPECT_EQ(execute(*guest, "object-add", io0), "");
  }
  EXPECT_EQ(execute(*guest, "object-add", {{"qom-type", "iothread"}, {"id", "io1"}}), "");
  EXPECT_EQ(differences(*guest, {{{0, {b}}, {1, {b}}}, {start}, {{"io0", {b}}, {"io1", {start}}}}),
            none);
}

TEST_P(VcpuThreads, AnIothreadMayComeWhileTheMachineIsPreconfigured) {
  auto guest = started(spec({"-preconfig", "-iothreadpin", "io0,affinity=" + b}));
  ASSERT_TRUE(guest);
  EXPECT_EQ(execute(*guest, "object-add", io0), "");
  EXPECT_EQ(execute(*guest, "x-exit-preconfig"), "");
  EXPECT_EQ(differences(*guest, {{{0, {start}}, {1, {start}}}, {start}, {{"io0", {b}}}}), none);
}

TEST_P(VcpuThreads, AnIothreadThatIsNotThereIsAnError) {
  expect_refused(spec({"-iothreadpin", "io0,affinity=" + a}),
                 " -iothreadpin io0,affinity=" + a + ": there is no iothread 'io0'");
  expect_refused(spec({"-object", "iothread,id=io0", "-iothreadpin", "io,affinity=" + a}),
                 " -iothreadpin io,affinity=" + a + ": there is no iothread 'io'");
  expect_refused(
      spec({"-object", "memory-backend-ram,id=m0,size=1M", "-iothreadpin", "m0,affinity=" + a}),
      " -iothreadpin m0,affinity=" + a + ": there is no iothread 'm0'");
}

TEST_P(VcpuThreads, AnIothreadPinThatIsWrongIsRefused) {
  const std::vector<std::string> object = {"-object", "iothread,id=io0"};
  expect_refused(with(spec(object), {"-iothreadpin", "affinity=" + a}),
                 " -iothreadpin affinity=" + a + ": iothread is missing");
  expect_refused(with(spec(object), {"-iothreadpin", "io0"}),
                 " -iothreadpin io0: affinity is missing");
  expect_refused(with(spec(object),
                      {"-iothreadpin", "io0,affinity=" + a, "-iothreadpin", "io0,affinity=" + b}),
                 " -iothreadpin io0,affinity=" + b +
                     ": iothread 'io0' is pinned already (to host CPU " + a + ")");
}
