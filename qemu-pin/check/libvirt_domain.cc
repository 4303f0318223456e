/*
 * libvirt's <domain>, as far as it is about pins
 * (https://libvirt.org/formatdomain.html: vcpus, cputune, cpu, iothreads).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "check/guest_description.h"

#include "base/printable.h"
#include "check/domain_xml.h"
#include "check/libvirt_commandline.h"
#include "check/libvirt_memory.h"
#include "check/libvirt_values.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace qemu_pin {

namespace {

/* All text of an element, without comments. */
std::string text_of(const pugi::xml_node &element) {
  std::string text;
  for (pugi::xml_node child : element.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  return text;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_known_tune(std::string_view name) {
  return is_one_of(name, {"shares", "period", "quota", "global_period", "global_quota",
                          "emulator_period", "emulator_quota", "iothread_period", "iothread_quota",
                          "vcpupin", "emulatorpin", "iothreadpin", "vcpusched", "emulatorsched",
                          "iothreadsched", "cachetune", "memorytune"});
}

class Reader {
public:
  explicit Reader(const DomainXml &domain) : domain_(domain.node), is_whole_(domain.is_whole) {
    guest_.dialect = Dialect::libvirt;
  }

  GuestDescription read() {
    count_vcpus();
    present_vcpus();
    topology();
    iothreads();
    pins();
    model();
    read_libvirt_memory(domain_, guest_);
    read_libvirt_commandline(domain_, smp_, guest_);
    return std::move(guest_);
  }

private:
  void wrong(std::string what) { guest_.errors.push_back(std::move(what)); }
  void note(std::string what) { guest_.notes.push_back(std::move(what)); }

  /* An element's tag as it is written. */
  static std::string said(const pugi::xml_node &element) {
    std::string tag = std::string("<") + element.name();
    for (pugi::xml_attribute attribute : element.attributes())
      tag += fmt::format(" {}='{}'", attribute.name(), printable(attribute.value()));
    return tag + ">";
  }

  std::optional<CpuSet> set_of(const pugi::xml_node &element, const char *name) {
    auto set = libvirt_set(element.attribute(name).value());
    if (set)
      return *set;
    wrong(fmt::format("{}: {}", said(element),
                      element.attribute(name) ? set.error().message
                                              : fmt::format("{} is missing", name)));
    return std::nullopt;
  }

  std::optional<unsigned> number_of(const pugi::xml_node &element, const char *name,
                                    unsigned least = 0) {
    const std::string text = element.attribute(name).value();
    const auto number = libvirt_number(text);
    if (number && *number >= least)
      return number;
    wrong(fmt::format("{}: {} is {}", said(element), name,
                      element.attribute(name) ? why_no_number(text, least) : "missing"));
    return std::nullopt;
  }

  static std::string why_no_number(const std::string &text, unsigned least) {
    if (text.ends_with(" "))
      return "not a number to libvirt, which takes no blank after one";
    return least ? fmt::format("not a number of at least {}", least) : "not a number";
  }

  /* The number of vCPUs, which a part of a domain need not have. */
  void count_vcpus() {
    const pugi::xml_node element = domain_.child("vcpu");
    if (!element) {
      const unsigned all = is_whole_ ? 1 : guessed_vcpus();
      guest_.topology = {all, all, 1, 1};
      return;
    }
    const std::string text = text_of(element);
    const auto count = libvirt_number(text);
    if (count && *count >= 1 && *count <= most_vcpus) {
      guest_.topology = {*count, *count, 1, 1};
      return;
    }
    guest_.topology = {1, 1, 1, 1};
    guest_.unread.topology = true;
    wrong(fmt::format("<vcpu>{}</vcpu>: this is {}", printable(text),
                      text.ends_with(" ") ? why_no_number(text, 1)
                                          : fmt::format("not a number from 1 to {}", most_vcpus)));
  }

  /* As many as the topology says, or as are pinned. */
  unsigned guessed_vcpus() {
    std::uint64_t all = 1;
    const pugi::xml_node given = domain_.child("cpu").child("topology");
    for (const char *name : {"sockets", "dies", "clusters", "cores", "threads"})
      all *= std::min(libvirt_number(given.attribute(name).value()).value_or(1), most_vcpus);
    const std::vector<pugi::xml_node> pins = tunes("vcpupin");
    if (!given) {
      for (const pugi::xml_node &pin : pins)
        if (const auto vcpu = libvirt_number(pin.attribute("vcpu").value()))
          all = std::max(all, std::uint64_t{*vcpu} + 1);
      guest_.unread.siblings = true;
    }
    guest_.unread.topology = all > most_vcpus || (!given && pins.empty());
    const auto count = static_cast<unsigned>(std::clamp<std::uint64_t>(all, 1, most_vcpus));
    note(fmt::format("there is no <vcpu>: the guest is taken to have {} vCPU{}", count,
                     count == 1 ? "" : "s"));
    return count;
  }

  /* <vcpus> says it of each; without it the first ones are present. */
  void present_vcpus() {
    const pugi::xml_node element = domain_.child("vcpu");
    const unsigned all = guest_.topology.cpus;
    unsigned current = all;
    if (element.attribute("current")) {
      const auto number = number_of(element, "current", 1);
      if (number && *number > all && !guest_.unread.topology)
        wrong(fmt::format("{}: there are only {} vCPUs", said(element), all));
      current = std::min(number.value_or(all), all);
    }
    const pugi::xml_node each = domain_.child("vcpus");
    const bool has_each = static_cast<bool>(each.child("vcpu"));
    for (unsigned vcpu = has_each ? 0 : current; vcpu < all; ++vcpu)
      guest_.absent.insert(vcpu);
    for (pugi::xml_node vcpu : each.children("vcpu"))
      present_vcpu(vcpu);
    if (guest_.absent.contains(0) && !guest_.unread.topology)
      wrong("<vcpus>: vCPU 0 must be enabled");
    if (domain_.child("vcpu").attribute("placement") &&
        std::string_view(element.attribute("placement").value()) == "auto")
      note("<vcpu placement='auto'>: numad chooses the CPUs when the guest starts; they are not "
           "known here");
    else if (element.attribute("cpuset"))
      guest_.start_set = set_of(element, "cpuset");
  }

  void present_vcpu(const pugi::xml_node &vcpu) {
    const auto id = number_of(vcpu, "id");
    const std::string_view enabled = vcpu.attribute("enabled").value();
    if (id && *id >= guest_.topology.cpus && !guest_.unread.topology)
      wrong(fmt::format("{}: there are only {} vCPUs", said(vcpu), guest_.topology.cpus));
    else if (enabled != "yes" && enabled != "no")
      wrong(said(vcpu) + ": enabled is yes or no");
    else if (id && enabled == "yes")
      guest_.absent.erase(*id);
    else if (id && *id < guest_.topology.cpus)
      guest_.absent.insert(*id);
  }

  /* Without <topology> each vCPU is a socket. */
  void topology() {
    const unsigned all = guest_.topology.cpus;
    const pugi::xml_node given = domain_.child("cpu").child("topology");
    if (given) {
      unsigned sockets = 1;
      std::uint64_t product = 1;
      bool is_read = true;
      std::map<std::string, unsigned> counts;
      for (const char *name : {"sockets", "dies", "clusters", "cores", "threads"}) {
        const bool is_optional = is_one_of(name, {"dies", "clusters"});
        std::optional<unsigned> count = 1;
        if (given.attribute(name) || !is_optional)
          count = number_of(given, name, 1);
        is_read = is_read && count && *count <= most_vcpus;
        counts[name] = std::min(count.value_or(1), most_vcpus);
        product *= counts[name];
      }
      for (pugi::xml_attribute attribute : given.attributes())
        if (!counts.contains(attribute.name()))
          note(fmt::format("libvirt ignores {}= in <topology>", attribute.name()));
      sockets = counts["sockets"];
      if (!is_read || product != all) {
        if (!guest_.unread.topology && (is_read || product > most_vcpus))
          wrong(fmt::format("{}: this does not make {} vCPUs", said(given), all));
        guest_.unread.siblings = true;
      } else {
        guest_.topology = {all, sockets * counts["dies"] * counts["clusters"], counts["cores"],
                           counts["threads"]};
      }
    }
    if (guest_.unread.topology || guest_.unread.siblings)
      return;
    add_smp("cpus", all - static_cast<unsigned>(guest_.absent.size()));
    add_smp("maxcpus", all);
    add_smp("sockets", guest_.topology.sockets);
    add_smp("cores", guest_.topology.cores);
    add_smp("threads", guest_.topology.threads);
  }

  void add_smp(const char *key, unsigned count) {
    if (auto added = smp_.add(key, std::to_string(count)); !added)
      wrong(added.error().message);
  }

  /* <iothreadids> names some; the lowest free numbers are the others'. */
  void iothreads() {
    const pugi::xml_node element = domain_.child("iothreads");
    const auto count = element ? libvirt_number(text_of(element)) : 0U;
    if (!count || *count > most_vcpus) {
      wrong(fmt::format("<iothreads>{}</iothreads>: this is not a number from 0 to {}",
                        printable(text_of(element)), most_vcpus));
      guest_.unread.iothreads = true;
    }
    const auto has = [&](const std::string &id) {
      return std::find(guest_.iothreads.begin(), guest_.iothreads.end(), id) !=
             guest_.iothreads.end();
    };
    for (pugi::xml_node iothread : domain_.child("iothreadids").children("iothread")) {
      const auto id = number_of(iothread, "id", 1);
      if (id && has(std::to_string(*id)))
        wrong(said(iothread) + ": there are two of these");
      else if (id)
        guest_.iothreads.push_back(std::to_string(*id));
    }
    if (!guest_.unread.iothreads)
      for (unsigned id = 1; guest_.iothreads.size() < *count; ++id)
        if (!has(std::to_string(id)))
          guest_.iothreads.push_back(std::to_string(id));
  }

  /* Elements of <cputune>; those of a part of a domain may also stand alone. */
  std::vector<pugi::xml_node> tunes(const char *name) const {
    std::vector<pugi::xml_node> all;
    for (pugi::xml_node tune : domain_.children("cputune"))
      for (pugi::xml_node element : tune.children(name))
        all.push_back(element);
    if (!is_whole_)
      for (pugi::xml_node element : domain_.children(name))
        all.push_back(element);
    return all;
  }

  void pins() {
    for (pugi::xml_node tune : domain_.children("cputune"))
      for (pugi::xml_node element : tune.children())
        if (element.type() == pugi::node_element && !is_known_tune(element.name()))
          note(fmt::format("libvirt ignores <{}> in <cputune>", element.name()));
    if (is_whole_)
      for (const char *name : {"vcpupin", "emulatorpin", "iothreadpin"})
        if (domain_.child(name))
          note(fmt::format("libvirt ignores <{}> outside of <cputune>", name));
    for (const pugi::xml_node &pin : tunes("vcpupin"))
      vcpu_pin(pin);
    for (const pugi::xml_node &pin : tunes("emulatorpin"))
      emulator_pin(pin);
    for (const pugi::xml_node &pin : tunes("iothreadpin"))
      iothread_pin(pin);
  }

  void vcpu_pin(const pugi::xml_node &pin) {
    const auto vcpu = number_of(pin, "vcpu");
    const auto set = set_of(pin, "cpuset");
    if (!vcpu)
      guest_.unread.any_vcpu = true;
    else if (!set && *vcpu < most_vcpus)
      guest_.unread.vcpus.insert(*vcpu);
    else if (set && !guest_.vcpus.emplace(*vcpu, *set).second)
      wrong(
          fmt::format("{}: vCPU {} is pinned already (to host {}), and libvirt refuses the second "
                      "pin",
                      said(pin), *vcpu, cpus_text(cpu_list(guest_.vcpus[*vcpu]))));
  }

  void emulator_pin(const pugi::xml_node &pin) {
    const auto set = set_of(pin, "cpuset");
    if (!set)
      guest_.unread.emulator = true;
    else if (guest_.emulator)
      wrong(said(pin) + ": the emulator is pinned already");
    else
      guest_.emulator = set;
  }

  /* libvirt refuses pins of iothreads that the domain does not have; a part of a domain may
   * leave them out. */
  void iothread_pin(const pugi::xml_node &pin) {
    const auto id = number_of(pin, "iothread", 1);
    const auto set = set_of(pin, "cpuset");
    if (!id || !set) {
      guest_.unread.iothreads = true;
      return;
    }
    const std::string name = std::to_string(*id);
    if (!guest_.iothread_pins.emplace(name, *set).second)
      wrong(said(pin) + ": this iothread is pinned already");
    const bool is_new =
        std::find(guest_.iothreads.begin(), guest_.iothreads.end(), name) == guest_.iothreads.end();
    if (!is_whole_ && !domain_.child("iothreads") && !domain_.child("iothreadids") && is_new)
      guest_.iothreads.push_back(name);
  }

  void model() {
    const pugi::xml_node cpu = domain_.child("cpu");
    const std::string mode = cpu.attribute("mode").value();
    guest_.cpu_model = mode.empty() || mode == "custom" ? cpu.child("model").text().get() : mode;
    guest_.topoext = guest_.cpu_model.starts_with("EPYC") || guest_.cpu_model.starts_with("Dhyana");
    guest_.unread.cpu_model = !is_whole_ && !cpu;
    for (pugi::xml_node feature : cpu.children("feature"))
      if (std::string_view(feature.attribute("name").value()) == "topoext") {
        const std::string_view policy = feature.attribute("policy").value();
        guest_.topoext = is_one_of(policy, {"", "require", "force", "optional"});
        guest_.unread.cpu_model = false;
      }
  }

  const pugi::xml_node domain_;
  const bool is_whole_;
  GuestDescription guest_;
  SmpOption smp_; /* as libvirt writes it; empty if the number of vCPUs is not known */
};

} // namespace

Result<GuestDescription> read_libvirt_domain(const std::string &xml) {
  DomainXml domain;
  if (auto read = read_domain_xml(xml, domain); !read)
    return read.error();
  return Reader(domain).read();
}

} // namespace qemu_pin
