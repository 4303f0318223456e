/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/core_choices.h"

#include "check/bounds.h"
#include "check/guest_cores.h"

#include <algorithm>
#include <map>

namespace qemu_pin {

namespace {

/* Choices of nodes, and of L3s of a node, of which all are tried. */
constexpr std::size_t most_choices = 128;

using Indices = std::vector<std::size_t>;

/* All subsets of so many of these, or only the first of them if there are too many. */
std::vector<std::vector<unsigned>> subsets(const std::vector<unsigned> &of, std::size_t size) {
  std::vector<std::vector<unsigned>> all;
  if (size > of.size())
    return all;
  Indices chosen(size);
  for (std::size_t i = 0; i < size; ++i)
    chosen[i] = i;
  while (true) {
    std::vector<unsigned> &subset = all.emplace_back();
    for (std::size_t i : chosen)
      subset.push_back(of[i]);
    std::size_t i = size;
    while (i && chosen[i - 1] == of.size() - size + i - 1)
      --i;
    if (!i || all.size() == most_choices)
      return all;
    ++chosen[i - 1];
    for (; i < size; ++i)
      chosen[i] = chosen[i - 1] + 1;
  }
}

class Chooser {
public:
  Chooser(const Topology &topology, const GuestDescription &guest,
          const std::vector<GuestCore> &cores, const std::vector<Place> &places)
      : topology_(topology), guest_(guest), cores_(cores), places_(places),
        pins_(vcpu_cpus(guest)) {
    for (std::size_t i = 0; i < places.size(); ++i)
      by_node_[node_of(places[i])].push_back(i);
  }

  std::vector<std::vector<PlaceChoice>> all() const {
    std::vector<std::vector<PlaceChoice>> choices;
    for (const auto &assigned : node_choices()) {
      /* Each node by itself, unless cores may be on any of several. */
      std::map<std::vector<unsigned>, Indices> by_nodes;
      for (std::size_t i = 0; i < cores_.size(); ++i)
        by_nodes[assigned[cores_[i].cell]].push_back(i);
      std::vector<std::vector<PlaceChoice>> partial{{}};
      for (const auto &[nodes, cores] : by_nodes) {
        std::vector<std::vector<PlaceChoice>> longer;
        for (const Indices &places : place_choices(nodes, cores.size()))
          for (const auto &choice : partial) {
            longer.push_back(choice);
            longer.back().push_back({cores, places});
            if (longer.size() == most_choices)
              break;
          }
        partial = std::move(longer);
      }
      choices.insert(choices.end(), partial.begin(), partial.end());
    }
    return choices;
  }

private:
  unsigned node_of(const Place &place) const { return topology_.domains[place.core->domain].node; }
  unsigned l3_of(const Place &place) const { return topology_.domains[place.core->domain].l3; }

  /* How many of the guest's CPUs are at these places. */
  std::size_t pinned(const Indices &places) const {
    std::size_t count = 0;
    for (std::size_t i : places)
      for (unsigned cpu : places_[i].cpus)
        count += pins_.contains(cpu);
    return count;
  }

  /* Those that a cell may be on. */
  std::vector<unsigned> nodes_for(const CpuSet &cell) const {
    CpuSet nodes;
    for (const auto &[node, places] : by_node_)
      nodes.insert(node);
    for (unsigned vcpu : cell)
      if (const CpuSet memory = memory_nodes(topology_, guest_, vcpu); !memory.empty())
        nodes.keep(memory);
    return {nodes.begin(), nodes.end()};
  }

  /* The nodes of each cell. */
  std::vector<std::vector<std::vector<unsigned>>> node_choices() const {
    const std::vector<CpuSet> cells = guest_cells(guest_);
    std::vector<std::vector<std::vector<unsigned>>> choices{{}};
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const std::size_t needed = static_cast<std::size_t>(
          std::ranges::count_if(cores_, [&](const GuestCore &core) { return core.cell == cell; }));
      std::vector<unsigned> nodes = nodes_for(cells[cell]);
      CpuSet own;
      for (unsigned vcpu : cells[cell])
        if (const auto pin = guest_.vcpus.find(vcpu); pin != guest_.vcpus.end())
          own.merge(pin->second);
      const auto kept = [&](unsigned node) {
        std::size_t count = 0;
        for (std::size_t i : by_node_.at(node))
          for (unsigned cpu : places_[i].cpus)
            count += own.contains(cpu);
        return count;
      };
      std::ranges::stable_sort(nodes, std::greater{}, kept);
      std::vector<std::vector<std::vector<unsigned>>> longer;
      for (const auto &subset : fewest(nodes, needed))
        for (const auto &choice : choices) {
          longer.push_back(choice);
          longer.back().push_back(subset);
          if (longer.size() == most_choices)
            break;
        }
      choices = std::move(longer);
    }
    return choices;
  }

  /* The subsets of nodes, as small as can be, that have so many places. */
  std::vector<std::vector<unsigned>> fewest(const std::vector<unsigned> &nodes,
                                            std::size_t needed) const {
    for (std::size_t size = 1; size <= nodes.size(); ++size) {
      std::vector<std::vector<unsigned>> all = subsets(nodes, size);
      std::erase_if(all, [&](const std::vector<unsigned> &subset) {
        std::size_t room = 0;
        for (unsigned node : subset)
          room += by_node_.at(node).size();
        return room < needed;
      });
      if (!all.empty())
        return all;
    }
    return {};
  }

  /* Places of as few L3s as there can be, those of the L3s that the guest is on, and all. */
  std::vector<Indices> place_choices(const std::vector<unsigned> &nodes, std::size_t needed) const {
    std::map<unsigned, Indices> by_l3;
    Indices all;
    for (unsigned node : nodes)
      for (std::size_t i : by_node_.at(node)) {
        by_l3[l3_of(places_[i])].push_back(i);
        all.push_back(i);
      }
    if (all.size() < needed)
      return {};
    if (nodes.size() > 1 || by_l3.size() == 1)
      return {all};
    std::vector<unsigned> l3s;
    Indices used, sizes;
    for (const auto &[l3, places] : by_l3) {
      l3s.push_back(l3);
      sizes.push_back(places.size());
      if (pinned(places))
        used.insert(used.end(), places.begin(), places.end());
    }
    std::ranges::stable_sort(l3s, std::greater{}, [&](unsigned l3) { return pinned(by_l3[l3]); });
    std::ranges::sort(sizes, std::greater{});
    std::size_t enough = 0, room = 0;
    while (room < needed)
      room += sizes[enough++];
    std::vector<Indices> choices;
    for (const auto &subset : subsets(l3s, enough)) {
      Indices places;
      for (unsigned l3 : subset)
        places.insert(places.end(), by_l3[l3].begin(), by_l3[l3].end());
      if (places.size() >= needed)
        choices.push_back(std::move(places));
    }
    for (const Indices &more : {used, all})
      if (more.size() >= needed && std::ranges::find(choices, more) == choices.end())
        choices.push_back(more);
    return choices;
  }

  const Topology &topology_;
  const GuestDescription &guest_;
  const std::vector<GuestCore> &cores_;
  const std::vector<Place> &places_;
  const CpuSet pins_;
  std::map<unsigned, Indices> by_node_;
};

} // namespace

std::vector<std::vector<PlaceChoice>> core_choices(const Topology &topology,
                                                   const GuestDescription &guest,
                                                   const std::vector<GuestCore> &cores,
                                                   const std::vector<Place> &places) {
  return Chooser(topology, guest, cores, places).all();
}

} // namespace qemu_pin
