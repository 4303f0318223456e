/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include "harness/samples.h"
#include "text_table.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace bench {

namespace {

std::optional<Aim> aim_of(const Benchmark &benchmark, const std::string &metric,
                          const std::string &arm) {
  for (const MedianAim &one : benchmark.median_aims)
    if (one.metric == metric && one.arm == arm)
      return one.aim;
  return std::nullopt;
}

std::vector<double> values_of(const std::vector<Figures> &repetitions, const std::string &metric) {
  std::vector<double> values;
  for (const Figures &figures : repetitions)
    if (const auto found = figures.find(metric); found != figures.end())
      values.push_back(found->second);
  return values;
}

std::vector<double> values_of(const ArmRuns &runs, const std::string &arm,
                              const std::string &metric) {
  const auto found = runs.by_arm.find(arm);
  return found == runs.by_arm.end() ? std::vector<double>{} : values_of(found->second, metric);
}

void add_rows(Report &report, const Benchmark &benchmark, const ArmRuns &runs) {
  for (const Metric &metric : benchmark.metrics)
    for (const Arm &arm : benchmark.arms) {
      const auto values = values_of(runs, arm.name, metric.key);
      if (values.empty())
        continue;
      const Interval interval = median_interval(values);
      report.rows.push_back({arm.name, metric.title, metric.unit, values.size(), median(values),
                             interval.low, interval.high, coefficient_of_variation(values),
                             aim_of(benchmark, metric.key, arm.name)});
    }
}

void add_ratios(Report &report, const Benchmark &benchmark, const ArmRuns &runs) {
  for (const Comparison &comparison : benchmark.comparisons) {
    const auto of = values_of(runs, comparison.of, comparison.metric);
    const auto to = values_of(runs, comparison.to, comparison.metric);
    if (of.empty() || to.empty())
      continue;
    const auto metric = std::find_if(benchmark.metrics.begin(), benchmark.metrics.end(),
                                     [&](const Metric &m) { return m.key == comparison.metric; });
    const Interval interval = ratio_interval(of, to);
    report.ratios.push_back({comparison.of, comparison.to, metric->title, median(of) / median(to),
                             interval.low, interval.high, comparison.aim});
  }
}

std::string rows_text(const Report &report) {
  std::string text;
  for (auto row = report.rows.begin(); row != report.rows.end();) {
    std::vector<std::vector<std::string>> lines = {
        {row->heading(), "median", "95% from", "to", "CV %", "n"}};
    for (const std::string metric = row->metric; row != report.rows.end() && row->metric == metric;
         ++row)
      lines.push_back({row->arm, number_text(row->median), number_text(row->low),
                       number_text(row->high), number_text(100 * row->cv), std::to_string(row->n)});
    text += text_table(lines) + "\n";
  }
  return text;
}

std::string ratios_text(const Report &report) {
  std::string text;
  for (auto row = report.ratios.begin(); row != report.ratios.end();) {
    const std::string metric = row->metric;
    std::vector<std::vector<std::string>> lines = {
        {"ratio of medians: " + metric, "ratio", "95% from", "to", "aim"}};
    for (; row != report.ratios.end() && row->metric == metric; ++row)
      lines.push_back({row->of + " / " + row->to, number_text(row->ratio), number_text(row->low),
                       number_text(row->high), aim_text(row->aim, row->ratio)});
    text += text_table(lines) + "\n";
  }
  return text;
}

} // namespace

Report summarize(const Benchmark &benchmark, const ArmRuns &runs) {
  Report report;
  report.name = benchmark.name;
  report.title = benchmark.title;
  report.about = benchmark.about;
  report.limits = benchmark.limits;
  report.lost = runs.lost;
  report.busy = runs.busy;
  for (const Arm &arm : benchmark.arms) {
    if (!arm.missing.empty())
      report.skipped.push_back({arm.name, arm.missing});
    else if (!arm.what.empty())
      report.arms.push_back(arm.name + ": " + arm.what);
  }
  for (const auto &[arm, repetitions] : runs.by_arm) {
    report.repetitions = std::max(report.repetitions, static_cast<unsigned>(repetitions.size()));
    report.samples[arm] = repetitions;
  }
  add_rows(report, benchmark, runs);
  add_ratios(report, benchmark, runs);
  return report;
}

Plot bars_of(const Report &report, std::size_t which, bool log) {
  Plot plot;
  plot.log_y = log;
  plot.series.emplace_back();
  std::string former;
  std::size_t seen = 0;
  for (const Row &row : report.rows) {
    seen += row.metric != former;
    former = row.metric;
    if (seen != which + 1)
      continue;
    plot.title = report.title + ": " + row.metric;
    plot.y_title = row.unit.empty() ? row.metric : row.metric + ", " + row.unit;
    plot.series[0].points.push_back(
        {static_cast<double>(plot.labels.size()), row.median, row.low, row.high});
    plot.labels.push_back(row.arm);
  }
  return plot;
}

std::string number_text(double value) {
  if (!std::isfinite(value))
    return std::isnan(value) ? "-" : "inf";
  if (value == std::floor(value) && std::abs(value) < 1e7)
    return fmt::format("{:.0f}", value);
  const double size = std::abs(value);
  const int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4;
  return fmt::format("{:.{}f}", value, digits);
}

std::string aim_text(const std::optional<Aim> &aim, double seen) {
  if (!aim)
    return "-";
  const bool at_least = aim->kind == Aim::Kind::at_least;
  const bool met = at_least ? seen >= aim->value : seen <= aim->value;
  return fmt::format("{} {}: {}", at_least ? "at least" : "at most", number_text(aim->value),
                     met ? "met" : "missed");
}

std::vector<std::vector<std::string>> aim_lines(const Report &report) {
  std::vector<std::vector<std::string>> lines;
  for (const Row &row : report.rows)
    if (row.aim)
      lines.push_back(
          {row.arm + ": " + row.heading(), number_text(row.median), aim_text(row.aim, row.median)});
  for (const RatioRow &row : report.ratios)
    if (row.aim)
      lines.push_back({row.of + " / " + row.to + ": " + row.metric, number_text(row.ratio),
                       aim_text(row.aim, row.ratio)});
  return lines;
}

std::string as_text(const Report &report) {
  std::string text = report.title + "\n\n" + rows_text(report) + ratios_text(report);
  for (const SkippedArm &skipped : report.skipped)
    text += "  not measured: " + skipped.arm + ": " + skipped.why + "\n";
  if (report.lost)
    text += fmt::format("  {} repetitions lost: the machine was not quiet\n", report.lost);
  if (report.busy)
    text += fmt::format("  {} repetitions measured on a machine that was not quiet\n", report.busy);
  if (report.quick)
    text += "  --quick: this proves that it works; the numbers are worth nothing\n";
  return text;
}

} // namespace bench
