/*
 * What check makes of the strings that tests/machine/read_as_qemu_test.cc gives to real QEMUs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "check/guest_description.h"
#include "qemu_strings.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace qemu_pin;

namespace {

std::string described(const GuestDescription &guest) {
  if (!guest.errors.empty())
    return "refused";
  return fmt::format("{} of {}", guest.topology.cpus - guest.absent.size(), guest.topology.cpus);
}

std::string expected(unsigned present, unsigned all) {
  return all ? fmt::format("{} of {}", present, all) : "refused";
}

std::vector<unsigned> nodes_of(const GuestDescription &guest) {
  std::vector<unsigned> nodes(guest.topology.cpus);
  for (unsigned node = 0; node < guest.numa_nodes.size(); ++node)
    for (const unsigned vcpu : guest.numa_nodes[node])
      nodes.at(vcpu) = node;
  return nodes;
}

class ReadAsQemu : public testing::TestWithParam<QemuString> {};

TEST_P(ReadAsQemu, RefusesAndCountsTheSame) {
  const GuestDescription guest = read_qemu_arguments(GetParam().options);
  EXPECT_EQ(described(guest), expected(GetParam().present, GetParam().all))
      << fmt::format("{} {}", fmt::join(GetParam().options, " "), fmt::join(guest.errors, "\n"));
  EXPECT_EQ(guest.notes, std::vector<std::string>());
  if (!GetParam().nodes.empty()) {
    EXPECT_EQ(nodes_of(guest), GetParam().nodes)
        << fmt::format("{}", fmt::join(GetParam().options, " "));
  }
}

INSTANTIATE_TEST_SUITE_P(Options, ReadAsQemu, testing::ValuesIn(qemu_strings));
INSTANTIATE_TEST_SUITE_P(Pins, ReadAsQemu, testing::ValuesIn(pin_strings));

class ReadFileAsQemu : public testing::TestWithParam<QemuFile> {};

TEST_P(ReadFileAsQemu, RefusesAndCountsTheSame) {
  const auto give = [](const std::string &path) -> Result<std::string> {
    EXPECT_EQ(path, "guest.cfg");
    return std::string(GetParam().text);
  };
  const GuestDescription guest = read_qemu_arguments({"-readconfig", "guest.cfg"}, give);
  EXPECT_EQ(described(guest), expected(GetParam().present, GetParam().all))
      << GetParam().text << fmt::format("{}", fmt::join(guest.errors, "\n"));
}

INSTANTIATE_TEST_SUITE_P(Options, ReadFileAsQemu, testing::ValuesIn(qemu_files));
INSTANTIATE_TEST_SUITE_P(Pins, ReadFileAsQemu, testing::ValuesIn(pin_files));

} // namespace
