/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/packing.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>

namespace qemu_pin {

namespace {

using Cost = std::int64_t;
constexpr Cost impossible = std::numeric_limits<Cost>::max() / 4;

Cost pairs(Cost count) {
  return count * (count - 1) / 2;
}

/* Cores that are alike: of one domain, cluster and kind, with as many threads, and free ones. */
struct Class {
  std::optional<unsigned> cluster;
  unsigned kind;
  std::size_t threads; /* that are free */
  std::size_t all;
  std::vector<const FreeCore *> cores;
};

/* A group of cores: the best cost for 0, 1, ... vCPUs on it, and how they divide
 * among its parts. */
struct Group {
  std::vector<Cost> best{0};
  std::vector<std::vector<unsigned>> taken; /* [part][vCPUs so far]: how many on that part */

  std::size_t room() const { return best.size() - 1; }

  /* One part more, where only multiples of step count, up to limit; rest is the room
   * of all parts to come. Among equals the earlier parts get most, so that what is
   * used are the first. */
  void add(const std::vector<Cost> &part, std::size_t limit, std::size_t step,
           std::size_t rest = std::numeric_limits<std::size_t>::max()) {
    const std::size_t floor = rest > limit ? 0 : limit - rest;
    const std::size_t size = std::min(best.size() + part.size() - 2, limit) + 1;
    std::vector<Cost> sum(size, impossible);
    std::vector<unsigned> choice(size);
    for (std::size_t mine = 0; mine < part.size() && mine < size; mine += step) {
      if (part[mine] >= impossible)
        continue;
      const Cost own = part[mine];
      const std::size_t end = std::min(best.size(), size - mine);
      std::size_t others = floor > mine ? (floor - mine + step - 1) / step * step : 0;
      for (; others < end; others += step) {
        const Cost cost = best[others] + own;
        if (best[others] < impossible && cost < sum[others + mine]) {
          sum[others + mine] = cost;
          choice[others + mine] = static_cast<unsigned>(mine);
        }
      }
    }
    best = std::move(sum);
    taken.push_back(std::move(choice));
  }

  void add_pairs(Cost each) {
    for (std::size_t count = 0; count < best.size(); ++count)
      if (best[count] < impossible)
        best[count] += each * pairs(static_cast<Cost>(count));
  }

  void add_each(Cost each) {
    for (std::size_t count = 0; count < best.size(); ++count)
      if (best[count] < impossible)
        best[count] += each * static_cast<Cost>(count);
  }

  /* vCPUs on each part. */
  std::vector<unsigned> divide(unsigned vcpus) const {
    std::vector<unsigned> parts(taken.size());
    for (std::size_t part = taken.size(); part-- > 0;) {
      parts[part] = taken[part][vcpus];
      vcpus -= parts[part];
    }
    return parts;
  }
};

/* The tree for one way of using cores: use is the number of threads on each core
 * that is used, or 0 if cores may differ. */
class Search {
public:
  Search(const Topology &topology, const CostRules &rules, const std::vector<FreeCore> &free,
         const std::vector<unsigned> &host_steps, unsigned vcpus, unsigned use)
      : topology_(topology), rules_(rules), host_steps_(host_steps),
        largest_(has_largest_cache(topology)), vcpus_(vcpus), use_(use),
        has_clusters_(has_clusters(topology)), classes_(topology.domains.size()),
        clusters_(topology.domains.size()), leaves_(topology.domains.size()) {
    for (const FreeCore &core : free)
      class_of(core).cores.push_back(&core);
  }

  /* The least cost but for a constant, or nothing if there is no room. */
  std::optional<Cost> solve() {
    std::size_t room = 0;
    for (const auto &classes : classes_)
      for (const Class &one : classes)
        room += one.cores.size() * usable_threads(one);
    if (room < vcpus_)
      return std::nullopt;
    for (unsigned domain = 0; domain < leaves_.size(); ++domain)
      fill(domain);
    /* Whichever of node and package holds the other is the outer group. */
    std::map<std::pair<unsigned, unsigned>, std::vector<unsigned>> inner;
    std::map<unsigned, std::set<unsigned>> packages_of_node;
    for (const CacheDomain &domain : topology_.domains)
      packages_of_node[domain.node].insert(domain.package);
    nodes_outside_ = std::any_of(packages_of_node.begin(), packages_of_node.end(),
                                 [](const auto &node) { return node.second.size() > 1; });
    for (unsigned domain = 0; domain < leaves_.size(); ++domain) {
      const CacheDomain &place = topology_.domains[domain];
      inner[nodes_outside_ ? std::pair(place.node, place.package)
                           : std::pair(place.package, place.node)]
          .push_back(domain);
    }
    for (auto &[key, domains] : inner) {
      if (outer_.empty() || outer_.back().key != key.first)
        outer_.push_back({key.first, {}, {}});
      Inner group{std::move(domains), {}};
      for (unsigned domain : group.domains)
        group.table.add(leaves_[domain].best, vcpus_, step_);
      group.table.add_pairs(nodes_outside_ ? -weight::package_pair : -weight::node_pair);
      outer_.back().table.add(group.table.best, vcpus_, step_);
      outer_.back().inner.push_back(std::move(group));
    }
    std::size_t rest = 0;
    for (const Outer &outer : outer_)
      rest += outer.table.room();
    for (Outer &outer : outer_) {
      rest -= outer.table.room();
      outer.table.add_pairs(nodes_outside_ ? -weight::node_pair : -weight::package_pair);
      root_.add(outer.table.best, vcpus_, step_, rest);
    }
    if (root_.room() < vcpus_ || root_.best[vcpus_] >= impossible)
      return std::nullopt;
    return root_.best[vcpus_];
  }

  /* After solve(): the CPUs of each core used. */
  std::vector<std::vector<unsigned>> cores() const {
    std::vector<unsigned> on_domain(leaves_.size());
    const std::vector<unsigned> on_outer = root_.divide(vcpus_);
    for (std::size_t i = 0; i < outer_.size(); ++i) {
      const std::vector<unsigned> on_inner = outer_[i].table.divide(on_outer[i]);
      for (std::size_t j = 0; j < outer_[i].inner.size(); ++j) {
        const Inner &inner = outer_[i].inner[j];
        const std::vector<unsigned> on = inner.table.divide(on_inner[j]);
        for (std::size_t k = 0; k < on.size(); ++k)
          on_domain[inner.domains[k]] = on[k];
      }
    }
    std::vector<const FreeCore *> used;
    std::map<const FreeCore *, std::size_t> threads;
    for (std::size_t domain = 0; domain < leaves_.size(); ++domain)
      choose(domain, on_domain[domain], used, threads);
    std::sort(used.begin(), used.end()); /* as in free */
    std::vector<std::vector<unsigned>> cores;
    cores.reserve(used.size());
    for (const FreeCore *core : used)
      cores.emplace_back(core->cpus.begin(),
                         core->cpus.begin() + static_cast<std::ptrdiff_t>(threads[core]));
    return cores;
  }

private:
  struct Cluster {
    std::optional<unsigned> number;
    std::vector<const Class *> classes;
    Group table;
  };
  struct Inner {
    std::vector<unsigned> domains;
    Group table;
  };
  struct Outer {
    unsigned key;
    std::vector<Inner> inner;
    Group table;
  };

  Class &class_of(const FreeCore &core) {
    std::vector<Class> &classes = classes_[core.core->domain];
    for (Class &one : classes)
      if (one.cluster == core.core->cluster && one.kind == core.core->kind &&
          one.threads == core.cpus.size() && one.all == core.core->cpus.size())
        return one;
    classes.push_back(
        {core.core->cluster, core.core->kind, core.cpus.size(), core.core->cpus.size(), {}});
    return classes.back();
  }

  /* Threads that a core of this class may give. */
  std::size_t usable_threads(const Class &one) const {
    return !use_ ? one.threads : one.threads < use_ ? 0 : use_;
  }

  Cost cost_of(const Class &one, std::size_t vcpus) const {
    const std::size_t threads = usable_threads(one);
    /* A core is split against all that it has, not only what is free of it. */
    std::size_t split = 0;
    if (!rules_.one_per_core)
      split = (threads < one.all ? vcpus / threads : 0) + (vcpus % threads ? 1 : 0);
    Cost cost = weight::split_core * static_cast<Cost>(split);
    if (!rules_.any_core)
      cost += weight::slower_core * static_cast<Cost>(one.kind * vcpus);
    return cost;
  }

  std::vector<Cost> costs_of(const Class &one) const {
    const std::size_t threads = usable_threads(one);
    std::vector<Cost> costs{0};
    for (std::size_t count = 1; count <= std::min<std::size_t>(one.cores.size() * threads, vcpus_);
         ++count)
      costs.push_back(use_ && count % use_ ? impossible : cost_of(one, count));
    return costs;
  }

  Cluster &cluster_of(unsigned domain, const Class &one) {
    for (Cluster &cluster : clusters_[domain])
      if (cluster.number == one.cluster)
        return cluster;
    clusters_[domain].push_back({one.cluster, {}, {}});
    return clusters_[domain].back();
  }

  void fill(unsigned domain) {
    Group &leaf = leaves_[domain];
    for (const Class &one : classes_[domain]) {
      Cluster &cluster = cluster_of(domain, one);
      cluster.classes.push_back(&one);
      cluster.table.add(costs_of(one), vcpus_, step_);
    }
    for (Cluster &cluster : clusters_[domain]) {
      if (has_clusters_ && !rules_.spread_l3)
        cluster.table.add_pairs(-weight::cluster_pair);
      else if (cluster.number)
        cluster.table.add_pairs(weight::cluster_pair);
      leaf.add(cluster.table.best, vcpus_, step_);
    }
    const CacheDomain &place = topology_.domains[domain];
    leaf.add_each((topology_.has_memory(place.node) ? 0 : weight::no_memory) +
                  weight::device_step * place.device_distance +
                  weight::host_step * host_steps_[domain] +
                  (rules_.prefer_big_cache && !largest_[domain] ? weight::smaller_cache : 0));
    if (topology_.has_l3)
      leaf.add_pairs(rules_.spread_l3 ? weight::l3_pair : -weight::l3_pair);
  }

  void choose(std::size_t domain, unsigned vcpus, std::vector<const FreeCore *> &used,
              std::map<const FreeCore *, std::size_t> &threads) const {
    const std::vector<unsigned> on_cluster = leaves_[domain].divide(vcpus);
    for (std::size_t i = 0; i < on_cluster.size(); ++i) {
      const Cluster &cluster = clusters_[domain][i];
      const std::vector<unsigned> on_class = cluster.table.divide(on_cluster[i]);
      for (std::size_t j = 0; j < on_class.size(); ++j)
        choose(*cluster.classes[j], on_class[j], used, threads);
    }
  }

  void choose(const Class &one, std::size_t left, std::vector<const FreeCore *> &used,
              std::map<const FreeCore *, std::size_t> &threads) const {
    const std::size_t each = usable_threads(one);
    for (std::size_t core = 0; left; ++core) {
      used.push_back(one.cores[core]);
      threads[one.cores[core]] = std::min(each, left);
      left -= std::min(each, left);
    }
  }

  const Topology &topology_;
  const CostRules &rules_;
  const std::vector<unsigned> &host_steps_;
  std::vector<bool> largest_;
  unsigned vcpus_;
  unsigned use_;
  std::size_t step_ = use_ ? use_ : 1;
  bool has_clusters_;
  std::vector<std::vector<Class>> classes_;    /* of each domain */
  std::vector<std::vector<Cluster>> clusters_; /* of each domain */
  std::vector<Group> leaves_;
  std::vector<Outer> outer_;
  Group root_;
  bool nodes_outside_ = false;
};

} // namespace

std::optional<Packing> pack(const Topology &topology, const CostRules &rules,
                            const std::vector<FreeCore> &free, const CpuSet &reserved,
                            unsigned vcpus) {
  const std::vector<unsigned> host_steps = steps_from(topology, reserved);
  std::size_t most = 0;
  for (const FreeCore &core : free)
    most = std::max(most, core.cpus.size());
  /* One number of threads on every core, or any (0) at a price. */
  std::optional<Packing> best;
  for (std::size_t use = most + 1; use-- > 0;) {
    if (use && vcpus % use)
      continue;
    Search search(topology, rules, free, host_steps, vcpus, static_cast<unsigned>(use));
    auto cost = search.solve();
    if (cost)
      *cost += reserve_cost(topology, rules, reserved) + (use ? 0 : weight::uneven);
    if (cost && (!best || *cost < best->cost))
      best = Packing{*cost, search.cores()};
  }
  return best;
}

} // namespace qemu_pin
