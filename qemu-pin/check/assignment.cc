/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/assignment.h"

#include <limits>

namespace qemu_pin {

std::optional<Assignment> assign(const std::vector<std::vector<std::int64_t>> &cost) {
  const std::size_t tasks = cost.size(), places = tasks ? cost[0].size() : 0;
  if (tasks > places)
    return std::nullopt;
  constexpr std::int64_t infinite = std::numeric_limits<std::int64_t>::max() / 2;
  /* Numbers from 1; place 0 holds the task that is being added. Potentials keep reduced costs at
   * 0 or above; each step grows a tree of tight edges by one place. */
  std::vector<std::int64_t> task_potential(tasks + 1), place_potential(places + 1);
  std::vector<std::size_t> task_at(places + 1), came_from(places + 1);
  for (std::size_t task = 1; task <= tasks; ++task) {
    task_at[0] = task;
    std::size_t place = 0;
    std::vector<std::int64_t> slack(places + 1, infinite);
    std::vector<bool> in_tree(places + 1);
    do {
      in_tree[place] = true;
      const std::size_t here = task_at[place];
      std::int64_t delta = infinite;
      std::size_t next = 0;
      for (std::size_t to = 1; to <= places; ++to) {
        if (in_tree[to])
          continue;
        const std::int64_t reduced =
            cost[here - 1][to - 1] - task_potential[here] - place_potential[to];
        if (reduced < slack[to]) {
          slack[to] = reduced;
          came_from[to] = place;
        }
        if (slack[to] < delta) {
          delta = slack[to];
          next = to;
        }
      }
      for (std::size_t to = 0; to <= places; ++to) {
        if (in_tree[to]) {
          task_potential[task_at[to]] += delta;
          place_potential[to] -= delta;
        } else {
          slack[to] -= delta;
        }
      }
      place = next;
    } while (task_at[place]);
    for (; place; place = came_from[place])
      task_at[place] = task_at[came_from[place]];
  }
  Assignment best{std::vector<std::size_t>(tasks), 0};
  for (std::size_t place = 1; place <= places; ++place) {
    const std::size_t task = task_at[place];
    if (!task)
      continue;
    best.place[task - 1] = place - 1;
    best.cost += cost[task - 1][place - 1];
    if (cost[task - 1][place - 1] >= impossible)
      return std::nullopt;
  }
  return best;
}

} // namespace qemu_pin
