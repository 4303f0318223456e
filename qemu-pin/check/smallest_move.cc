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
    Filling filling(*this, cores, places, part, ranked, candidate);
    return filling.fill();
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

  /* Gives the guest cores of one choice their places. */
  class Filling {
  public:
    Filling(const Mover &mover, const std::vector<GuestCore> &cores,
            const std::vector<Place> &places, const PlaceChoice &part, bool ranked,
            Candidate &candidate)
        : mover_(mover), cores_(cores), places_(places), part_(part), ranked_(ranked),
          candidate_(candidate), is_taken_(part.places.size()) {
      for (std::size_t at = 0; at < part.places.size(); ++at)
        for (unsigned cpu : place(at).cpus)
          at_cpu_[cpu].push_back(at);
    }

    /* False if there is no room. */
    bool fill() {
      keep_right_cores();
      return assign_near_cores() && fill_up();
    }

  private:
    const Place &place(std::size_t at) const { return places_[part_.places[at]]; }

    CorePins pins_on(std::size_t core, std::size_t at) const {
      return put_on(mover_.guest_, cores_[core], place(at).cpus);
    }

    void take(std::size_t core, std::size_t at) {
      const CorePins pins = pins_on(core, at);
      candidate_.cost += mover_.cost_of(pins, place(at), at, ranked_);
      for (const auto &[vcpu, cpus] : pins.pins)
        candidate_.guest.vcpus[vcpu] = cpus;
      is_taken_[at] = true;
    }

    std::vector<std::size_t> free_places() const {
      std::vector<std::size_t> free;
      for (std::size_t at = 0; at < part_.places.size(); ++at)
        if (!is_taken_[at])
          free.push_back(at);
      return free;
    }

    /* Places where one of the core's vCPUs has a CPU of its pin. */
    std::vector<std::size_t> places_near(std::size_t core) const {
      std::vector<std::size_t> near;
      for (unsigned vcpu : cores_[core].vcpus)
        if (const auto pin = mover_.guest_.vcpus.find(vcpu); pin != mover_.guest_.vcpus.end())
          for (unsigned cpu : pin->second)
            if (const auto at = at_cpu_.find(cpu); at != at_cpu_.end())
              near.insert(near.end(), at->second.begin(), at->second.end());
      return near;
    }

    /* A guest core that is right stays: to move it for another costs more than it gains. */
    void keep_right_cores() {
      for (std::size_t core : part_.cores) {
        std::vector<std::size_t> near = places_near(core);
        const auto is_right_at = [&](std::size_t at) {
          return !is_taken_[at] && !pins_on(core, at).changed;
        };
        if (const auto right = std::ranges::find_if(near, is_right_at);
            !ranked_ && right != near.end())
          take(core, *right);
        else if (near.empty() && !ranked_)
          strangers_.push_back(core);
        else
          near_[core] = std::move(near);
      }
    }

    std::vector<std::int64_t> costs_at(std::size_t core, const std::vector<std::size_t> &near,
                                       const std::vector<std::size_t> &free) const {
      std::vector<bool> is_near(part_.places.size());
      for (std::size_t at : near)
        is_near[at] = true;
      const std::vector<unsigned> &vcpus = cores_[core].vcpus;
      CorePins all_new;
      all_new.vcpus = all_new.changed = all_new.strange = static_cast<unsigned>(vcpus.size());
      all_new.keeps_first = false;
      all_new.pins[vcpus[0]] = {};
      std::vector<std::int64_t> costs;
      costs.reserve(free.size());
      for (std::size_t at : free)
        costs.push_back(
            mover_.cost_of(is_near[at] ? pins_on(core, at) : all_new, place(at), at, ranked_));
      return costs;
    }

    bool assign_near_cores() {
      const std::vector<std::size_t> free = free_places();
      std::vector<std::vector<std::int64_t>> costs;
      costs.reserve(near_.size());
      for (const auto &[core, near] : near_)
        costs.push_back(costs_at(core, near, free));
      const auto assignment = assign(costs);
      if (!assignment)
        return false;
      std::size_t i = 0;
      for (const auto &[core, near] : near_)
        take(core, free[assignment->place[i++]]);
      return true;
    }

    /* Guest cores that can keep no pin anywhere get what is left, the nearest first. */
    bool fill_up() {
      std::vector<std::size_t> free = free_places();
      if (free.size() < strangers_.size())
        return false;
      std::ranges::stable_sort(free, {}, [&](std::size_t at) {
        const Core *core = place(at).core;
        return std::pair(mover_.steps_[core->domain], core == &mover_.topology_.cores[0]);
      });
      std::sort(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(strangers_.size()));
      for (std::size_t i = 0; i < strangers_.size(); ++i)
        take(strangers_[i], free[i]);
      return true;
    }

    const Mover &mover_;
    const std::vector<GuestCore> &cores_;
    const std::vector<Place> &places_;
    const PlaceChoice &part_;
    const bool ranked_; /* whether the kind of core counts */
    Candidate &candidate_;
    std::vector<bool> is_taken_; /* by index into part_.places, as all that is called at */
    std::map<unsigned, std::vector<std::size_t>> at_cpu_;
    std::map<std::size_t, std::vector<std::size_t>> near_; /* by guest core */
    std::vector<std::size_t> strangers_;
  };

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
