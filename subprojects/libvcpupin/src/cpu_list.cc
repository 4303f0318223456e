/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu_list.h"

#include "message.h"
#include "vcpupin.h"

#include <charconv>
#include <limits>

namespace vcpupin {
namespace {

/* The two sides of the first mark, which stands in neither. */
struct Halves {
  std::string_view before;
  std::optional<std::string_view> after;
};

Halves split(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos)
    return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

/* `3`, `0-3`, `0-14:2` or `^2`: what stands between two commas. */
class Piece {
public:
  explicit Piece(std::string_view text) : text_(text) {}

  Result<> apply_to(CpuSet &cpus) const {
    return text_.starts_with('^') ? take_out(cpus) : put_in(cpus);
  }

private:
  Result<> take_out(CpuSet &cpus) const {
    const std::string_view operand = text_.substr(1);
    if (operand.find_first_of("-:") != std::string_view::npos)
      return error("'^' takes out one CPU, not a range");
    const Result<unsigned> cpu = number(operand, "after '^'");
    if (!cpu)
      return cpu.error();
    /* Most likely a slip of the pen, and then not what was meant. */
    if (!cpus.contains(*cpu))
      return error("CPU " + std::to_string(*cpu) + " is not in the list before it");
    cpus.remove(*cpu);
    return {};
  }

  Result<> put_in(CpuSet &cpus) const {
    const auto [range, stride_text] = split(text_, ':');
    const auto [first_text, last_text] = split(range, '-');
    if (stride_text && !last_text)
      return error("a stride needs a range, as in 0-14:2");

    const Result<unsigned> first = number(first_text, "before '-'");
    if (!first)
      return first.error();
    const Result<unsigned> last = last_text ? number(*last_text, "after '-'") : first;
    if (!last)
      return last.error();
    const Result<unsigned> stride = stride_text ? number(*stride_text, "after ':'") : 1U;
    if (!stride)
      return stride.error();
    if (*stride == 0)
      return error("the stride must be 1 or more");
    if (*last < *first)
      return error("the range ends before it begins");

    /* No overflow: both ends and the stride are at most VCPUPIN_CPU_MAX. */
    for (unsigned cpu = *first; cpu <= *last; cpu += *stride)
      cpus.add(cpu);
    return {};
  }

  Result<unsigned> number(std::string_view digits, std::string_view place) const {
    if (digits.empty())
      return error("a number is missing " + std::string(place));
    const std::optional<std::uint64_t> value = parse_number(digits);
    const std::string where = digits == text_ ? "" : quoted(text_) + ": ";
    if (!value)
      return Error{where + quoted(digits) + " is not a number"};
    if (*value > VCPUPIN_CPU_MAX)
      return Error{where + out_of_range(digits).message};
    return static_cast<unsigned>(*value);
  }

  Error error(const std::string &what) const { return {quoted(text_) + ": " + what}; }

  std::string_view text_;
};

/* Where an empty piece is, since it has no text to name it by. */
Error empty_piece(std::string_view list, bool first, bool last) {
  const char *place = first  ? "before the first comma"
                      : last ? "after the last comma"
                             : "between two commas";
  return {quoted(list) + ": a CPU is missing " + place};
}

} // namespace

Result<CpuSet> parse_cpu_list(std::string_view list) {
  if (list.empty())
    return Error{"the CPU list is empty"};
  CpuSet cpus;
  Halves rest{{}, list};
  for (bool first = true; rest.after; first = false) {
    rest = split(*rest.after, ',');
    if (rest.before.empty())
      return empty_piece(list, first, !rest.after);
    if (auto result = Piece(rest.before).apply_to(cpus); !result)
      return result.error();
  }
  if (cpus.empty())
    return Error{quoted(list) + ": no CPU is left"};
  return cpus;
}

Error out_of_range(std::string_view cpu) {
  return {quoted(cpu) + " is out of range (the limit is " + std::to_string(VCPUPIN_CPU_MAX) + ")"};
}

std::string format_cpu_list(const CpuSet &cpus) {
  std::string list;
  for (auto first = cpus.next_in(0); first;) {
    const unsigned end = cpus.next_out(*first);
    if (!list.empty())
      list += ',';
    list += std::to_string(*first);
    if (end - 1 > *first)
      list += '-' + std::to_string(end - 1);
    first = cpus.next_in(end);
  }
  return list;
}

std::string name_cpus(const CpuSet &cpus) {
  if (cpus.empty())
    return "no CPUs";
  return (cpus.count() == 1 ? "CPU " : "CPUs ") + format_cpu_list(cpus);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const char *end = text.data() + text.size();
  const auto [stop, cause] = std::from_chars(text.data(), end, value);
  if (text.empty() || stop != end)
    return std::nullopt;
  return cause == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max()
                                                 : value;
}

} // namespace vcpupin
