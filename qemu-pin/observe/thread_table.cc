/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/thread_table.h"

#include "base/printable.h"
#include "base/words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fmt/core.h>

namespace qemu_pin {

using std::chrono::nanoseconds;

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t shortest_bar = 4, longest_bar = 20;
/* What a terminal shows of a CPU list or an iothread's name. */
constexpr std::size_t longest_text = 20;

enum class ColumnKind {
  role,
  thread,
  cpus,
  on,
  policy,
  priority,
  share,
  bar,
  wait,
  migrations,
  involuntary,
  name
};

struct ColumnType {
  ColumnKind kind;
  const char *heading;
  bool is_number;
  int rank; /* where there is no room the highest goes first, and 0 stays */
};

constexpr std::array<ColumnType, 12> column_types = {{
    {ColumnKind::role, "ROLE", false, 0},
    {ColumnKind::thread, "THREAD", true, 6},
    {ColumnKind::cpus, "CPUS", false, 3},
    {ColumnKind::on, "ON", true, 1},
    {ColumnKind::policy, "POLICY", false, 7},
    {ColumnKind::priority, "PRIO", true, 8},
    {ColumnKind::share, "CPU", true, 0},
    {ColumnKind::bar, "", false, 5},
    {ColumnKind::wait, "WAIT", true, 4},
    {ColumnKind::migrations, "MIGR", true, 9},
    {ColumnKind::involuntary, "INVOL", true, 10},
    {ColumnKind::name, "NAME", false, 11},
}};

struct Column {
  ColumnType type;
  std::vector<Span> cells; /* one a thread; a bar's are made when its width is known */
  std::size_t width;
};

/* Columns of a terminal: all that is shown is one column wide. */
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string cut(const std::string &text, bool fitted) {
  if (!fitted || text.size() <= longest_text)
    return text;
  return fmt::format("{}..", text.substr(0, longest_text - 2));
}

std::string count(const std::optional<std::uint64_t> &number) {
  return number ? std::to_string(*number) : "-";
}

Span cell(ColumnKind kind, const ThreadRow &row, bool fitted) {
  const auto &counts = row.counts;
  switch (kind) {
  case ColumnKind::role:
    return {cut(row.thread.role_text(), fitted),
            row.thread.role == Role::unknown ? Accent::unknown : Accent::none};
  case ColumnKind::thread:
    return {std::to_string(row.thread.id)};
  case ColumnKind::cpus:
    return {cut(row.cpus, fitted)};
  case ColumnKind::on:
    return {std::to_string(row.thread.processor)};
  case ColumnKind::policy:
    return {vcpupin_policy_name(row.sched.policy)};
  case ColumnKind::priority:
    return {row.sched.priority ? std::to_string(row.sched.priority) : "-"};
  case ColumnKind::share:
    return {counts ? fmt::format("{:.1f}%", counts->share() * 100) : "-"};
  case ColumnKind::wait: {
    if (!counts)
      return {"-"};
    /* What a user wants to see: it was kept off its CPU for more than a hundredth. */
    const bool long_wait = nanoseconds(counts->wait_ns) > counts->over / 100;
    return {short_time(nanoseconds(counts->wait_ns)), long_wait ? Accent::wait : Accent::none};
  }
  case ColumnKind::migrations:
    return {counts ? count(counts->migrations) : "-"};
  case ColumnKind::involuntary:
    return {counts ? count(counts->involuntary) : "-"};
  case ColumnKind::name:
    return {printable(row.thread.name)};
  case ColumnKind::bar:
    break;
  }
  return {};
}

std::string bar(double share, std::size_t width, Bars bars) {
  const std::array<const char *, 8> parts = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (bars == Bars::ascii)
    return std::string(static_cast<std::size_t>(std::lround(share * static_cast<double>(width))),
                       '#');
  const auto eighths =
      static_cast<std::size_t>(std::lround(share * static_cast<double>(width * 8)));
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i)
    text += "█";
  return text + parts.at(eighths % 8);
}

std::vector<Column> columns_for(const MachineLook &look, const TableStyle &style) {
  std::vector<Column> columns;
  for (const ColumnType &type : column_types) {
    if (type.kind == ColumnKind::bar && style.bars == Bars::none)
      continue;
    Column column{type, {}, type.kind == ColumnKind::bar ? shortest_bar : columns_of(type.heading)};
    /* So that a table that is drawn anew does not jump. */
    if (type.kind == ColumnKind::share || type.kind == ColumnKind::wait)
      column.width = 6;
    for (const ThreadRow &row : look.threads) {
      column.cells.push_back(cell(type.kind, row, style.width > 0));
      column.width = std::max(column.width, columns_of(column.cells.back().text));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

std::size_t width_of(const std::vector<Column> &columns) {
  std::size_t width = 0;
  for (const Column &column : columns)
    width += column.width + gap;
  return width - gap;
}

void fit(std::vector<Column> &columns, std::size_t width) {
  const auto by_rank = [](const Column &a, const Column &b) { return a.type.rank < b.type.rank; };
  while (width_of(columns) > width) {
    const auto last = std::max_element(columns.begin(), columns.end(), by_rank);
    if (last->type.rank == 0)
      return;
    columns.erase(last);
  }
}

void make_bars(std::vector<Column> &columns, const MachineLook &look, const TableStyle &style) {
  const std::size_t used = width_of(columns);
  for (Column &column : columns) {
    if (column.type.kind != ColumnKind::bar)
      continue;
    column.width = longest_bar;
    if (style.width)
      column.width = std::min(longest_bar, shortest_bar + (style.width - used));
    for (std::size_t i = 0; i < look.threads.size(); ++i) {
      const auto &counts = look.threads[i].counts;
      column.cells[i] = {bar(counts ? counts->share() : 0, column.width, style.bars), Accent::bar};
    }
  }
}

/* One span with what follows it that has no accent, for there may be thousands of lines. */
void append(Line &line, std::string_view text, Accent accent) {
  if (text.empty())
    return;
  if (line.empty() || line.back().accent != accent)
    line.push_back({"", accent});
  line.back().text += text;
}

/* A cell of each column, padded. */
template <typename CellOf> Line row_of(const std::vector<Column> &columns, CellOf cell_of) {
  Line line;
  for (const Column &column : columns) {
    const Span &span = cell_of(column);
    const std::size_t padding = column.width - std::min(column.width, columns_of(span.text));
    const std::size_t before = (line.empty() ? 0 : gap) + (column.type.is_number ? padding : 0);
    append(line, std::string(before, ' '), Accent::none);
    append(line, span.text, span.accent);
    append(line, std::string(column.type.is_number ? 0 : padding, ' '), Accent::none);
  }
  return line;
}

Line clipped(Line line, std::size_t width) {
  for (Span &span : line) {
    std::size_t end = 0;
    for (; end < span.text.size(); ++end)
      if ((static_cast<unsigned char>(span.text[end]) & 0xc0) != 0x80) {
        if (width == 0)
          break;
        --width;
      }
    span.text.resize(end);
  }
  return line;
}

std::string title(const MachineLook &look) {
  const std::string time =
      look.since ? fmt::format("over {:.1f} s", std::chrono::duration<double>(*look.since).count())
                 : "since each thread began";
  return fmt::format("{}, {}, {}", process_text(look.process, look.guest),
                     counted(look.threads.size(), "thread"), time);
}

} // namespace

ThreadTable thread_table(const MachineLook &look, const TableStyle &style) {
  std::vector<Column> columns = columns_for(look, style);
  if (style.width)
    fit(columns, style.width);
  make_bars(columns, look, style);
  ThreadTable table{{{title(look), Accent::heading}}, {}, {}};
  table.headings = row_of(columns, [](const Column &column) {
    return Span{column.type.heading, Accent::heading};
  });
  table.threads.reserve(look.threads.size());
  for (std::size_t i = 0; i < look.threads.size(); ++i)
    table.threads.push_back(
        row_of(columns, [i](const Column &column) -> const Span & { return column.cells[i]; }));
  return table;
}

std::vector<Line> screenful(const std::vector<ThreadTable> &tables, const std::string &foot,
                            std::size_t width, std::size_t height) {
  std::vector<Line> lines;
  const std::size_t room = height > 0 ? height - 1 : 0;
  std::size_t hidden = 0;
  for (const ThreadTable &table : tables) {
    /* Not a machine of which no thread would be seen. */
    const bool fits = lines.size() + (lines.empty() ? 0 : 1) + 3 <= room;
    if (fits && !lines.empty())
      lines.emplace_back();
    if (fits) {
      lines.push_back(table.title);
      lines.push_back(table.headings);
    }
    const std::size_t shown = fits ? std::min(room - lines.size(), table.threads.size()) : 0;
    lines.insert(lines.end(), table.threads.begin(),
                 table.threads.begin() + static_cast<std::ptrdiff_t>(shown));
    hidden += table.threads.size() - shown;
  }
  lines.resize(room);
  if (height > 0)
    lines.push_back({{(hidden ? fmt::format("{} not shown; ", hidden) : "") + foot}});
  for (Line &line : lines)
    line = clipped(std::move(line), width);
  return lines;
}

std::string text_of(const Line &line) {
  std::string text;
  for (const Span &span : line)
    text += span.text;
  text.resize(text.find_last_not_of(' ') + 1);
  return text;
}

std::string short_time(nanoseconds time) {
  const std::uint64_t ns = static_cast<std::uint64_t>(time.count());
  if (ns == 0)
    return "0";
  if (ns < 1'000)
    return fmt::format("{}ns", ns);
  if (ns < 1'000'000)
    return fmt::format("{}us", ns / 1'000);
  /* Tenths are cut, not rounded: 999.96 ms are not 1000.0 ms. */
  if (ns < 1'000'000'000)
    return ns < 100'000'000 ? fmt::format("{}.{}ms", ns / 1'000'000, ns / 100'000 % 10)
                            : fmt::format("{}ms", ns / 1'000'000);
  const std::uint64_t seconds = ns / 1'000'000'000;
  if (seconds < 60)
    return fmt::format("{}.{}s", seconds, ns / 100'000'000 % 10);
  if (seconds < 3600)
    return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400)
    return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

} // namespace qemu_pin
