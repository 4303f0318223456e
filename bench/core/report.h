/*
 * What a benchmark found: as rows to read, as JSON, and back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_REPORT_H
#define BENCH_CORE_REPORT_H

#include "arms.h"
#include "base/result.h"
#include "host_facts.h"
#include "plot.h"

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bench {

struct Metric {
  std::string key;   /* in Figures and in JSON: "gap_p99" */
  std::string title; /* "gap, p99" */
  std::string unit;  /* "us"; empty for a number */
};

/* What the issue of a benchmark hopes for; missing it fails nothing. */
struct Aim {
  enum class Kind { at_least, at_most } kind;
  double value;
};

/* The ratio of two arms' medians. */
struct Comparison {
  std::string metric; /* its key */
  std::string of, to; /* arms */
  std::optional<Aim> aim = {};
};

/* What is hoped for of an arm's own median. */
struct MedianAim {
  std::string metric, arm; /* metric: its key */
  Aim aim;
};

/* One arm's metric. cv: coefficient of variation. */
struct Row {
  std::string arm, metric, unit; /* metric: the title */
  std::size_t n;
  double median, low, high, cv;
  std::optional<Aim> aim = {};

  /* "gap, p99, us" */
  std::string heading() const { return metric + (unit.empty() ? "" : ", " + unit); }
};

struct RatioRow {
  std::string of, to, metric;
  double ratio, low, high;
  std::optional<Aim> aim;
};

struct SkippedArm {
  std::string arm, why;
};

struct Report {
  std::string name;                /* file name in results/: "pin-window" */
  std::string title;               /* heading */
  std::string about;               /* what was done, a paragraph of markdown */
  std::vector<std::string> limits; /* what the figures do not say, a sentence each */
  bool quick = false;
  unsigned repetitions = 0, lost = 0, busy = 0;
  std::vector<std::string> arms; /* "name: what" of those that ran and have one */
  std::vector<SkippedArm> skipped;
  std::vector<Row> rows;
  std::vector<RatioRow> ratios;
  std::vector<Plot> plots;                             /* results/NAME.svg, NAME-2.svg, ... */
  std::map<std::string, std::vector<Figures>> samples; /* by arm */
  Facts facts;                                         /* host_facts.h, programs' versions */
};

/* What a benchmark is before it ran. */
struct Benchmark {
  std::string name, title, about;
  std::vector<std::string> limits;
  std::vector<Metric> metrics;
  std::vector<Arm> arms;
  std::vector<Comparison> comparisons;
  std::vector<MedianAim> median_aims = {};
};

/* Rows in the order of metrics, then arms; a metric that an arm never measured has no row, a
 * comparison with such an arm neither. */
Report summarize(const Benchmark &benchmark, const ArmRuns &runs);

/* The arms' medians of the which-th metric that has rows, with their intervals. */
Plot bars_of(const Report &report, std::size_t which, bool log);

/* The table, 80 columns at most where names allow it, with notes below. */
std::string as_text(const Report &report);

/* "12.3", with three significant digits and no exponent below 1e7. */
std::string number_text(double value);

/* "at most 2: met"; "-" without an aim. */
std::string aim_text(const std::optional<Aim> &aim, double seen);

/* Each figure for which there is an aim: what it is of, it, the aim. */
std::vector<std::vector<std::string>> aim_lines(const Report &report);

nlohmann::json as_json(const Report &report);
/* The same as text. */
std::string json_text(const Report &report);
/* Fails, naming what is missing, for JSON that as_json did not write. */
qemu_pin::Result<Report> from_json(const nlohmann::json &json);

} // namespace bench

#endif
