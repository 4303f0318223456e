/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/smallest_move.h"

#include "check/assignment.h"
#include "check/bounds.h"
#include "check/core_choices.h"
#include "check/guest_core.h"
#include "check/guest_cores.h"
#include "plan/placement_cost.h"

#include <algorithm>

namespace qemu_pin {

namespace {

/* From what counts most: a vCPU on a slower core where some must be, a changed pin, then ties. */
namespace move_cost {
constexpr std::int64_t slower = std::int64_t{1} << 44;
constexpr std::int64_t change = std::int64_t{1} << 32;
/* The guest has other threads a core, or uneven ones. */
constexpr std::int64_t told_anew = std::int64_t{1} << 31;
constexpr std::int64_t step = std::int64_t{1} << 16;
constexpr std::int64_t boot_core = std::int64_t{1} << 15;
constexpr std::int64_t strange = std::int64_t{1} << 13; /* a CPU that the vCPU's old set lacks */
constexpr std::int64_t first_moves = std::int64_t{1} << 12;
} // namespace move_cost

/* How the vCPUs are put on host cores. */
struct Shape {
  unsigned threads; /* of a guest core */
  bool is_loose;    /* each vCPU on any CPU, siblings or not */
};

struct Candidate {
  GuestDescription guest;
  std::int64_t cost;
};

class Mover {
public:
  Mover(const Topology &topology, const GuestDescription &guest,
        const std::function<bool(GuestDescription &)> &is_right)
      : topology_(topology), guest_(guest), is_right_(is_right), pins_(vcpu_cpus(guest)),
        own_(pins_), steps_(steps_from(topology, pins_)) {
    own_.keep(topology.cpus());
    bound_ = own_;
    bound_.merge(cpus_for_vcpus(topology, guest));
    const CpuSet services = service_cpus(guest);
    for (const Core &core : topology.cores)
      if (touches(core, services) && !touches(core, pins_))
        of_services_.insert(core.cpus.begin(), core.cpus.end());
  }

  std::optional<Move> best() const {
    for (const CpuSet &barred : {of_services_, CpuSet()})
      for (const std::vector<Shape> &shapes : shapes_by_preference())
        for (const bool new_cpus : {false, true}) {
          CpuSet allowed = without(new_cpus ? bound_ : own_, barred);
          for (const CpuSet &kinds : kinds_by_preference()) {
            std::vector<Candidate> candidates;
            for (const Shape &shape : shapes)
              /* Rather a slower core than a sibling, where some must be. */
              if (!shape.is_loose || kinds.size() == 1 || shapes.size() == 1)
                collect(shape, kinds, allowed, candidates);
            if (auto found = first_right(candidates))
              return Move{std::move(*found), new_cpus};
          }
        }
    return std::nullopt;
  }

private:
  /* The guest's own shape first. One that takes all for cores may be told of siblings. */
  std::vector<std::vector<Shape>> shapes_by_preference() const {
    const GuestTopology &own = guest_.topology;
    if (own.threads > 1)
      return {{{own.threads, false}}, {{1, false}}};
    std::vector<Shape> shapes{{1, false}};
    std::size_t most = 1;
    for (const Core &core : topology_.cores)
      most = std::max(most, core.cpus.size());
    for (unsigned threads = 2; threads <= most; ++threads)
      if (own.cpus % threads == 0)
        shapes.push_back({threads, false});
    if (!GuestCores(topology_, guest_).one_per_core())
      shapes.push_back({1, true});
    return {shapes, {{1, true}}};
  }

  /* Guests do not go to slower kinds than they are on unless they must. */
  std::vector<CpuSet> kinds_by_preference() const {
    std::vector<CpuSet> kinds;
    CpuSet now;
    for (const Core &core : topology_.cores)
      if (touches(core, pins_))
        now.insert(core.kind);
    if (now.size() == 1 && !now.contains(0))
      kinds.push_back(now);
    CpuSet all;
    for (unsigned kind = 0; kind < topology_.kinds; ++kind) {
      all.insert(kind);
      kinds.push_back(all);
    }
    return kinds;
  }

  std::vector<Place> places_for(const Shape &shape, const CpuSet &kinds,
                                const CpuSet &allowed) const {
    std::vector<Place> places;
    for (const Core &core : topology_.cores) {
      if (!kinds.contains(core.kind))
        continue;
      Place place{&core, {}};
      for (unsigned cpu : core.cpus)
        if (allowed.contains(cpu))
          place.cpus.push_back(cpu);
      if (shape.is_loose)
        for (unsigned cpu : place.cpus)
          places.push_back({&core, {cpu}});
      else if (place.cpus.size() >= shape.threads)
        places.push_back(std::move(place));
    }
    return places;
  }

  void collect(const Shape &shape, const CpuSet &kinds, const CpuSet &allowed,
               std::vector<Candidate> &candidates) const {
    const auto cores = guest_cores_of(guest_, shape.threads);
    if (!cores)
      return;
    const std::vector<Place> places = places_for(shape, kinds, allowed);
    for (const std::vector<PlaceChoice> &choice : core_choices(topology_, guest_, *cores, places)) {
      Candidate candidate{guest_, 0};
      candidate.guest.topology = with_threads(guest_.topology, shape.threads);
      if (candidate.guest.topology != guest_.topology || shape.is_loose)
        candidate.cost = move_cost::told_anew;
      if (std::ranges::all_of(choice, [&](const PlaceChoice &part) {
            return put(*cores, places, part, kinds.size() > 1, candidate);
          }))
        candidates.push_back(std::move(candidate));
    }
  }

  std::int64_t cost_of(const CorePins &pins, const Place &place, std::size_t order,
                       bool ranked) const {
    std::int64_t cost =
        pins.changed * (move_cost::change + steps_[place.core->domain] * move_cost::step);
    if (ranked)
      cost += move_cost::slower * place.core->kind * pins.vcpus;
    if (!pins.changed)
      return cost;
    cost += move_cost::strange * pins.strange + static_cast<std::int64_t>(order);
    /* Of guest cores that are alike, the first keeps its first vCPU's pin. */
    if (!pins.keeps_first)
      cost += move_cost::first_moves -
              std::min<std::int64_t>(pins.pins.begin()->first, move_cost::first_moves / 2);
    /* Best left to the host: the boot CPU has most interrupts. */
    if (place.core == &topology_.cores[0])
      cost += move_cost::boot_core;
    return cost;
  }

  /* False if there is no room. */
  bool put(const std::vector<GuestCore> &cores, const std::vector<Place> &places,
           const PlaceChoice &part, bool ranked, Candidate &candidate) const {
    std::vector<bool> is_taken(part.places.size());
    const auto take = [&](std::size_t core, std::size_t at) {
      const Place &place = places[part.places[at]];
      const CorePins pins = put_on(guest_, cores[core], place.cpus);
      candidate.cost += cost_of(pins, place, at, ranked);
      for (const auto &[vcpu, cpus] : pins.pins)
        candidate.guest.vcpus[vcpu] = cpus;
      is_taken[at] = true;
    };
    std::map<unsigned, std::vector<std::size_t>> at_cpu;
    for (std::size_t at = 0; at < part.places.size(); ++at)
      for (unsigned cpu : places[part.places[at]].cpus)
        at_cpu[cpu].push_back(at);
    /* A guest core that is right stays: to move it for another costs more than it gains. Those
     * that can keep nothing anywhere take what is left. */
    std::vector<std::size_t> some, none;
    std::vector<std::vector<std::size_t>> near_of_some;
    for (std::size_t core : part.cores) {
      std::vector<std::size_t> near;
      for (unsigned vcpu : cores[core].vcpus)
        if (const auto pin = guest_.vcpus.find(vcpu); pin != guest_.vcpus.end())
          for (unsigned cpu : pin->second)
            if (const auto at = at_cpu.find(cpu); at != at_cpu.end())
              near.insert(near.end(), at->second.begin(), at->second.end());
      const auto is_whole = [&](std::size_t at) {
        return !is_taken[at] && !put_on(guest_, cores[core], places[part.places[at]].cpus).changed;
      };
      if (const auto right = std::ranges::find_if(near, is_whole); !ranked && right != near.end()) {
        take(core, *right);
      } else if (near.empty() && !ranked) {
        none.push_back(core);
      } else {
        some.push_back(core);
        near_of_some.push_back(std::move(near));
      }
    }
    std::vector<std::size_t> left;
    const auto find_left = [&] {
      left.clear();
      for (std::size_t at = 0; at < part.places.size(); ++at)
        if (!is_taken[at])
          left.push_back(at);
    };
    find_left();
    std::vector<std::vector<std::int64_t>> costs;
    for (std::size_t i = 0; i < some.size(); ++i) {
      const GuestCore &core = cores[some[i]];
      std::vector<bool> is_near(part.places.size());
      for (std::size_t at : near_of_some[i])
        is_near[at] = true;
      CorePins all_new;
      all_new.vcpus = all_new.changed = all_new.strange = static_cast<unsigned>(core.vcpus.size());
      all_new.keeps_first = false;
      all_new.pins[core.vcpus[0]] = {};
      std::vector<std::int64_t> &row = costs.emplace_back();
      row.reserve(left.size());
      for (std::size_t at : left) {
        const Place &place = places[part.places[at]];
        row.push_back(
            cost_of(is_near[at] ? put_on(guest_, core, place.cpus) : all_new, place, at, ranked));
      }
    }
    const auto assignment = assign(costs);
    if (!assignment)
      return false;
    for (std::size_t i = 0; i < some.size(); ++i)
      take(some[i], left[assignment->place[i]]);
    find_left();
    if (left.size() < none.size())
      return false;
    std::ranges::stable_sort(left, {}, [&](std::size_t at) {
      const Core *core = places[part.places[at]].core;
      return std::pair(steps_[core->domain], core == &topology_.cores[0]);
    });
    std::sort(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(none.size()));
    for (std::size_t i = 0; i < none.size(); ++i)
      take(none[i], left[i]);
    return true;
  }

  std::optional<GuestDescription> first_right(std::vector<Candidate> &candidates) const {
    /* Each is judged in milliseconds where there are hundreds of vCPUs. */
    const std::size_t most = guest_.topology.cpus > 64 ? 16 : candidates.size();
    std::ranges::stable_sort(candidates, {}, &Candidate::cost);
    for (std::size_t i = 0; i < std::min(most, candidates.size()); ++i)
      if (is_right_(candidates[i].guest))
        return std::move(candidates[i].guest);
    return std::nullopt;
  }

  const Topology &topology_;
  const GuestDescription &guest_;
  const std::function<bool(GuestDescription &)> &is_right_;
  const CpuSet pins_;
  CpuSet own_, bound_; /* what pins may have as they are, and what the guest may have */
  const std::vector<unsigned> steps_;
  CpuSet of_services_; /* the CPUs of cores that the emulator and the iothreads have, but no vCPU */
};

} // namespace

std::optional<Move> smallest_move(const Topology &topology, const GuestDescription &guest,
                                  const std::function<bool(GuestDescription &)> &is_right) {
  return Mover(topology, guest, is_right).best();
}

GuestTopology with_threads(GuestTopology guest, unsigned threads) {
  if (guest.threads == threads)
    return guest;
  const unsigned cores = guest.cpus / threads;
  guest.threads = threads;
  guest.sockets = cores % guest.sockets == 0 ? guest.sockets : 1;
  guest.cores = cores / guest.sockets;
  return guest;
}

} // namespace qemu_pin
