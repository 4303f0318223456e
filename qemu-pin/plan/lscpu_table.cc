/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/lscpu_table.h"

#include "base/number.h"
#include "plan/core_facts.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <set>
#include <sstream>
#include <tuple>
#include <vector>

namespace qemu_pin {

namespace {

using Fields = std::vector<std::string>;

/* What lscpu -p prints where nothing else is asked for. */
const Fields default_columns = {"CPU", "CORE", "SOCKET", "NODE", "", "L1D", "L1I", "L2", "L3"};

Fields split(const std::string &line, char at) {
  Fields fields;
  std::size_t start = 0;
  for (std::size_t end; (end = line.find(at, start)) != std::string::npos; start = end + 1)
    fields.push_back(line.substr(start, end - start));
  fields.push_back(line.substr(start));
  return fields;
}

Fields words(const std::string &line) {
  std::istringstream stream(line);
  Fields fields;
  for (std::string word; stream >> word;)
    fields.push_back(word);
  return fields;
}

std::string upper(std::string text) {
  for (char &c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/* One CPU's line. */
struct Row {
  unsigned cpu = 0;
  std::optional<unsigned> core, socket, node, l2, l3;
  bool online = true;
  double mhz = 0; /* 0: not known */
};

class Table {
public:
  Result<> read(const std::string &text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      ++number_;
      while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())))
        line.pop_back();
      if (auto result = take(line); !result)
        return Error{fmt::format("line {}: {}", number_, result.error().message)};
    }
    if (rows_.empty())
      return Error{"it has no CPU: give the output of lscpu -e or lscpu -p"};
    return {};
  }

  std::vector<Row> &rows() { return rows_; }

private:
  Result<> take(const std::string &line) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string::npos)
      return {};
    const bool is_comment = line[start] == '#';
    /* A shell's prompt, and what marks code in posts. */
    if (line[start] == '$' || line.compare(start, 3, "```") == 0)
      return {};
    if (is_comment)
      return take_header(line.substr(start + 1), true);
    if (!columns_.empty())
      return take_row(line.substr(start));
    if (!std::isdigit(static_cast<unsigned char>(line[start])))
      return take_header(line.substr(start), false);
    if (line.find(',') == std::string::npos)
      return Error{"the header of lscpu -e is missing above it (CPU NODE SOCKET CORE ...)"};
    columns_ = default_columns;
    commas_ = true;
    return take_row(line.substr(start));
  }

  Result<> take_header(const std::string &line, bool is_comment) {
    if (line.starts_with("Architecture:") || line.starts_with("CPU(s):") ||
        line.starts_with("CPU op-mode"))
      return Error{"this is lscpu's summary, which does not say which CPUs share a core: give the "
                   "output of lscpu -e"};
    const bool commas = line.find(',') != std::string::npos;
    Fields names;
    for (const std::string &field : commas ? split(line, ',') : words(line)) {
      const Fields trimmed = words(field);
      names.push_back(upper(trimmed.empty() ? "" : trimmed[0]));
    }
    if (std::find(names.begin(), names.end(), "CPU") != names.end()) {
      columns_ = names;
      commas_ = commas;
      return {};
    }
    if (is_comment)
      return {};
    if (line[0] == '{' || line[0] == '[')
      return Error{"this is JSON: give the output of lscpu -e without -J"};
    return Error{"neither a header nor a CPU of lscpu -e or lscpu -p"};
  }

  Result<> take_row(const std::string &line) {
    const Fields fields = commas_ ? split(line, ',') : words(line);
    /* A model's name has blanks; lscpu prints fewer fields where the last are missing. */
    const bool is_long = columns_.back() == "MODELNAME" && !commas_;
    if (fields.size() > columns_.size() && !is_long)
      return Error{
          fmt::format("it has {} fields, but the header {}", fields.size(), columns_.size())};
    if (fields.size() < columns_.size())
      return Error{fmt::format("it has {} fields, but the header {}: mark what is missing with -",
                               fields.size(), columns_.size())};
    Row row;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      const std::string &name = columns_[column], &value = fields[column];
      if (auto result = take_field(row, name, value); !result)
        return Error{fmt::format("{} '{}': {}", name, value, result.error().message)};
    }
    if (!seen_.insert(row.cpu).second)
      return Error{fmt::format("CPU {} is there a second time", row.cpu)};
    rows_.push_back(row);
    return {};
  }

  static Result<> take_field(Row &row, const std::string &name, const std::string &value) {
    const bool is_missing = value.empty() || value == "-";
    if (name == "CPU") {
      const auto cpu = number<unsigned>(value);
      if (!cpu || *cpu > VCPUPIN_CPU_MAX)
        return Error{"not a CPU's number"};
      row.cpu = *cpu;
      return {};
    }
    if (name == "ONLINE" && !is_missing) {
      if (upper(value) != "YES" && upper(value) != "NO" && upper(value) != "Y" &&
          upper(value) != "N")
        return Error{"neither yes nor no"};
      row.online = upper(value)[0] == 'Y';
      return {};
    }
    if (name == "MAXMHZ" && !is_missing) {
      char *end = nullptr;
      row.mhz = std::strtod(value.c_str(), &end);
      if (*end != '\0' && *end != ',')
        return Error{"not a number"};
      return {};
    }
    if (name.find(':') != std::string::npos)
      return take_caches(row, name, value);
    const std::map<std::string, std::optional<unsigned> Row::*> numbers = {{"CORE", &Row::core},
                                                                           {"SOCKET", &Row::socket},
                                                                           {"NODE", &Row::node},
                                                                           {"L2", &Row::l2},
                                                                           {"L3", &Row::l3}};
    const auto known = numbers.find(name);
    if (known == numbers.end() || is_missing)
      return {};
    row.*known->second = number<unsigned>(value);
    return row.*known->second ? Result<>() : Error{"not a number"};
  }

  /* "L1d:L1i:L2:L3" and "0:0:0:0"; ":::" of a CPU that is offline. */
  static Result<> take_caches(Row &row, const std::string &names, const std::string &values) {
    if (values == "-")
      return {};
    const Fields caches = split(names, ':'), numbers = split(values, ':');
    if (caches.size() != numbers.size())
      return Error{fmt::format("as many caches as in the header ({}) are expected", caches.size())};
    for (std::size_t i = 0; i < caches.size(); ++i)
      if (auto result = take_field(row, caches[i], numbers[i]); !result)
        return result;
    return {};
  }

  std::size_t number_ = 0;
  Fields columns_;
  bool commas_ = false;
  std::vector<Row> rows_;
  std::set<unsigned> seen_; /* CPUs */
};

/* From rows to cores and domains. */
class Builder {
public:
  explicit Builder(std::vector<Row> &rows) : rows_(rows) {
    const auto any = [&](auto has) { return std::any_of(rows.begin(), rows.end(), has); };
    has_cores_ = any([](const Row &row) { return row.online && row.core; });
    topology_.has_l3 = any([](const Row &row) { return row.l3.has_value(); });
    topology_.is_amd = false;
    topology_.device_placed = true;
    for (const Row &row : rows)
      if (row.l3)
        next_l3_ = std::max(next_l3_, *row.l3 + 1);
  }

  Result<Topology> build() {
    std::sort(rows_.begin(), rows_.end(), [](const Row &a, const Row &b) { return a.cpu < b.cpu; });
    for (const Row &row : rows_)
      if (!row.online || (has_cores_ && !row.core && !row.socket))
        topology_.offline.insert(row.cpu);
      else
        add(row);
    if (topology_.cores.empty())
      return Error{"none of its CPUs is online"};
    name_kinds();
    arrange(topology_);
    add_nodes();
    return std::move(topology_);
  }

private:
  void add(const Row &row) {
    const unsigned socket = row.socket.value_or(0);
    const auto key = std::tuple(socket, row.core.has_value(), row.core.value_or(row.cpu));
    const auto [found, is_new] = cores_.emplace(key, topology_.cores.size());
    if (is_new) {
      topology_.cores.push_back({{}, true, domain_of(row, socket), 0, row.l2});
      facts_.emplace_back();
      facts_.back().threads = 0;
    }
    topology_.cores[found->second].cpus.push_back(row.cpu);
    CoreFacts &facts = facts_[found->second];
    facts.speed = std::max(facts.speed, row.mhz);
    ++facts.threads;
  }

  unsigned domain_of(const Row &row, unsigned socket) {
    CacheDomain domain{};
    domain.has_l3 = row.l3.has_value();
    domain.l3 = row.l3.value_or(next_l3_ + socket);
    domain.node = row.node.value_or(0);
    domain.package = socket;
    const auto key = std::tuple(socket, domain.node, domain.l3);
    const auto next = static_cast<unsigned>(topology_.domains.size());
    const auto [found, is_new] = domains_.emplace(key, next);
    if (is_new)
      topology_.domains.push_back(domain);
    return found->second;
  }

  void name_kinds() {
    std::map<std::pair<unsigned, unsigned>, unsigned> sharing; /* cores, by socket and L2 */
    const auto l2_of = [&](const Core &core) {
      return std::pair(topology_.domains[core.domain].package, core.cluster.value_or(0));
    };
    for (const Core &core : topology_.cores)
      if (core.cluster)
        ++sharing[l2_of(core)];
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      const Core &core = topology_.cores[i];
      facts_[i].shares_l2 = core.cluster && sharing[l2_of(core)] > 1;
    }
    const std::vector<unsigned> kinds = core_kinds(facts_);
    for (std::size_t i = 0; i < kinds.size(); ++i)
      topology_.cores[i].kind = kinds[i];
    topology_.kinds = *std::max_element(kinds.begin(), kinds.end()) + 1;
  }

  void add_nodes() {
    std::set<unsigned> nodes;
    for (const CacheDomain &domain : topology_.domains)
      nodes.insert(domain.node);
    for (unsigned node : nodes)
      topology_.nodes.push_back({node, cpus_on_node(topology_, node), 0, true, ""});
  }

  std::vector<Row> &rows_;
  bool has_cores_ = false;
  unsigned next_l3_ = 0; /* a number that no L3 has */
  Topology topology_{};
  std::vector<CoreFacts> facts_; /* of each core */
  std::map<std::tuple<unsigned, bool, unsigned>, std::size_t> cores_;
  std::map<std::tuple<unsigned, unsigned, unsigned>, unsigned> domains_;
};

} // namespace

Result<Topology> read_lscpu_table(const std::string &text) {
  Table table;
  if (auto result = table.read(text); !result)
    return result.error();
  return Builder(table.rows()).build();
}

} // namespace qemu_pin
