/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/topology_message.h"

#include <concepts>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace qemu_pin {

namespace {

template <typename T>
concept Number = std::is_arithmetic_v<T>;

/* Each names all members of its type: a new one does not compile before it is added here. */

template <typename Archive, typename T>
requires std::same_as<std::remove_const_t<T>, Core>
void members(Archive &archive, T &core) {
  auto &[cpus, whole, domain, kind, cluster] = core;
  archive(cpus, whole, domain, kind, cluster);
}

template <typename Archive, typename T>
requires std::same_as<std::remove_const_t<T>, CacheDomain>
void members(Archive &archive, T &cache) {
  auto &[l3, has_l3, node, package, bytes, device_distance] = cache;
  archive(l3, has_l3, node, package, bytes, device_distance);
}

template <typename Archive, typename T>
requires std::same_as<std::remove_const_t<T>, MemoryNode>
void members(Archive &archive, T &memory) {
  auto &[index, cpus, bytes, has_cpus, kind] = memory;
  archive(index, cpus, bytes, has_cpus, kind);
}

template <typename Archive, typename T>
requires std::same_as<std::remove_const_t<T>, Topology>
void members(Archive &archive, T &topology) {
  auto &[cores, domains, kinds, nodes, offline, not_allowed, isolated, has_l3, is_amd, is_arm,
         device_placed, xml] = topology;
  archive(cores, domains, kinds, nodes, offline, not_allowed, isolated, has_l3, is_amd, is_arm,
          device_placed, xml);
}

class MessageWriter {
public:
  template <typename... T> void operator()(const T &...values) { (add(values), ...); }
  std::string bytes;

private:
  template <Number T> void add(const T &value) {
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  void add(const std::string &value) {
    add(value.size());
    bytes += value;
  }
  void add(const CpuSet &value) { add(value.empty() ? std::string() : cpu_list(value)); }
  template <typename T> void add(const std::vector<T> &values) {
    add(values.size());
    for (const T &value : values)
      add(value);
  }
  template <typename T> void add(const std::optional<T> &value) {
    add(value.has_value());
    if (value)
      add(*value);
  }
  template <typename T> void add(const T &value) { members(*this, value); }
};

class MessageReader {
public:
  explicit MessageReader(std::string_view bytes) : bytes_(bytes) {}
  template <typename... T> void operator()(T &...values) { (take(values), ...); }
  bool is_at_end() const { return bytes_.empty(); }

private:
  std::string_view next(std::size_t size) {
    if (size > bytes_.size())
      throw std::length_error("it is cut off");
    const std::string_view piece = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return piece;
  }
  template <Number T> void take(T &value) {
    std::memcpy(&value, next(sizeof value).data(), sizeof value);
  }
  void take(std::string &value) {
    std::size_t size = 0;
    take(size);
    value = next(size);
  }
  void take(CpuSet &value) {
    std::string list;
    take(list);
    if (list.empty())
      return;
    auto cpus = read_cpu_set(list);
    if (!cpus)
      throw std::invalid_argument(cpus.error().message);
    value = std::move(*cpus);
  }
  template <typename T> void take(std::vector<T> &values) {
    std::size_t count = 0;
    take(count);
    for (std::size_t i = 0; i < count; ++i)
      take(values.emplace_back());
  }
  template <typename T> void take(std::optional<T> &value) {
    bool has_value = false;
    take(has_value);
    if (has_value)
      take(value.emplace());
  }
  template <typename T> void take(T &value) { members(*this, value); }

  std::string_view bytes_;
};

} // namespace

std::string to_message(const Topology &topology) {
  MessageWriter writer;
  writer(topology);
  return std::move(writer.bytes);
}

Result<Topology> topology_from_message(const std::string &message) {
  try {
    Topology topology{};
    MessageReader reader(message);
    reader(topology);
    if (reader.is_at_end())
      return topology;
    return Error{"a topology has bytes after its end"};
  } catch (const std::exception &error) {
    return Error{std::string("a topology cannot be read back: ") + error.what()};
  }
}

} // namespace qemu_pin
