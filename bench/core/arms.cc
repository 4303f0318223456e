/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arms.h"

#include "interruption.h"

#include <algorithm>
#include <cstring>

using qemu_pin::Error;
using qemu_pin::Result;

namespace bench {

Result<ArmRuns> run_arms(const std::vector<Arm> &arms, const ArmsPlan &plan,
                         const std::function<void(const std::string &)> &progress) {
  std::vector<const Arm *> order;
  for (const Arm &arm : arms)
    if (arm.missing.empty())
      order.push_back(&arm);
  ArmRuns runs;
  for (unsigned repetition = 0; repetition < plan.repetitions; ++repetition) {
    for (const Arm *arm : order) {
      progress(std::to_string(repetition + 1) + "/" + std::to_string(plan.repetitions) + " " +
               arm->name);
      auto gate = wait_until_quiet(plan.gate);
      if (!gate)
        return gate.error();
      if (const int signal = interrupted())
        return Error{std::string("interrupted: ") + strsignal(signal)};
      runs.busy_looks += gate->busy_looks;
      if (!gate->quiet && !plan.measure_when_busy) {
        ++runs.lost;
        continue;
      }
      runs.busy += !gate->quiet;
      auto figures = arm->repetition();
      if (const int signal = interrupted())
        return Error{std::string("interrupted: ") + strsignal(signal)};
      if (!figures)
        return Error{arm->name + ": " + figures.error().message};
      runs.by_arm[arm->name].push_back(std::move(*figures));
    }
    std::reverse(order.begin(), order.end());
  }
  for (const Arm *arm : order)
    if (runs.by_arm[arm->name].empty())
      return Error{arm->name + ": the machine was never quiet: not one repetition counts"};
  return runs;
}

} // namespace bench
