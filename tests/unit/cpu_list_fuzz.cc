/*
 * The parsers fed with anything (libFuzzer). An input is `N=LIST;LIST...`, the
 * values of an option: vcpunum, then any number of affinities.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "captured_root.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr unsigned max_vcpus = 8;

void require(bool property, const char *name) {
  if (property)
    return;
  std::fprintf(stderr, "property violated: %s\n", name);
  std::abort();
}

void require_one_line(const char *message) {
  require(message != nullptr, "a failure has a message");
  const std::string_view text(message);
  require(!text.empty() && !text.ends_with('.'), "a message is no sentence");
  for (const char c : text)
    require(c >= 0x20 && c < 0x7f, "a message is one printable line");
}

void fuzz_list(const std::string &list) {
  char *error = nullptr;
  const Cpus set(vcpupin_cpus_parse(list.c_str(), &error));
  if (!set) {
    require_one_line(error);
    std::free(error);
    return;
  }
  require(error == nullptr, "success leaves error untouched");
  require(vcpupin_cpus_count(set.get()) > 0, "a parsed list names a CPU");
  /* The text of a million CPUs takes longer than a thousand other inputs. */
  if (vcpupin_cpus_count(set.get()) > 10000)
    return;
  const Cpus again = cpus(list_of(set));
  require(again && vcpupin_cpus_equal(set.get(), again.get()), "format and parse round trip");
}

/* Every vCPU's pin in one line. */
std::string contents(const Table &table) {
  std::string pins;
  for (unsigned vcpu = 0; vcpu < max_vcpus; ++vcpu)
    if (const vcpupin_pin *pin = vcpupin_table_vcpu(table.get(), vcpu))
      pins += std::to_string(vcpu) + ':' + list_of(vcpupin_pin_cpus(pin)) + ";";
  return pins;
}

void fuzz_table(const std::string &vcpunum, const std::vector<std::string> &lists) {
  static const Host host = CapturedRoot("0-2047", "0-2000", "0-1999").read();
  const Table table(vcpupin_table_new(host.get(), own_pin().get(), max_vcpus, false));
  const char *some = "1,3";
  const vcpupin_request first = {"3", &some, 1, nullptr, nullptr};
  require(vcpupin_table_add_vcpu(table.get(), &first, nullptr, nullptr), "vCPU 3 is pinned");
  const std::string before = contents(table);

  std::vector<const char *> affinity;
  affinity.reserve(lists.size());
  for (const std::string &list : lists)
    affinity.push_back(list.c_str());
  unsigned vcpu = ~0U;
  char *error = nullptr;
  /* The last list is a policy or a priority too: seldom a good one. */
  const char *last = affinity.empty() ? nullptr : affinity.back();
  const bool as_sched = affinity.size() == 3;
  const bool as_priority = affinity.size() == 2;
  const vcpupin_request request = {vcpunum.c_str(), affinity.data(), affinity.size(),
                                   as_sched      ? last
                                   : as_priority ? "fifo"
                                                 : nullptr,
                                   as_priority ? last : nullptr};
  if (vcpupin_table_add_vcpu(table.get(), &request, &vcpu, &error)) {
    require(error == nullptr, "success leaves error untouched");
    require(vcpu < max_vcpus && vcpu != 3, "only a free vCPU is pinned");
    const vcpupin_pin *pin = vcpupin_table_vcpu(table.get(), vcpu);
    require(pin != nullptr, "an added pin is in the table");
    require(vcpupin_host_check(host.get(), vcpupin_pin_cpus(pin), nullptr),
            "a pin in the table was checked");
    require(vcpupin_pin_sched(pin)->priority <= 99, "a priority is in range");
  } else {
    require_one_line(error);
    std::free(error);
    require(vcpu == ~0U, "failure leaves the outputs untouched");
    require(contents(table) == before, "failure leaves the table as it was");
  }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  const std::string input(bytes, bytes + size);
  fuzz_list(input);

  const std::size_t at = std::min(input.find('='), input.size());
  std::vector<std::string> lists;
  for (std::size_t end = at; end < input.size();) {
    const std::size_t start = end + 1;
    end = std::min(input.find(';', start), input.size());
    lists.push_back(input.substr(start, end - start));
    fuzz_list(lists.back());
  }
  fuzz_table(input.substr(0, at), lists);
  return 0;
}
