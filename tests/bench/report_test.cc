/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"
#include "harness/temp_dir.h"
#include "report.h"

#include <cmath>
#include <gtest/gtest.h>

using bench::Aim;
using bench::ArmRuns;
using bench::as_json;
using bench::as_text;
using bench::Benchmark;
using bench::from_json;
using bench::number_text;
using bench::Plot;
using bench::Report;
using bench::summarize;

namespace {

Benchmark benchmark() {
  return {"name",
          "Title",
          "About.",
          {"A limit."},
          {{"us", "time", "us"}, {"n", "count", ""}},
          {{"A", "first", {}}, {"B", "second", {}}, {"C", "", {}, "not here"}},
          {{"us", "A", "B", Aim{Aim::Kind::at_most, 2}},
           {"us", "A", "C"},
           {"n", "A", "B", Aim{Aim::Kind::at_least, 3}}},
          {{"us", "B", Aim{Aim::Kind::at_most, 8}}, {"n", "C", Aim{Aim::Kind::at_most, 0}}}};
}

ArmRuns runs() {
  ArmRuns runs;
  runs.by_arm["A"] = {{{"us", 10}, {"n", 1}}, {{"us", 30}}, {{"us", 20}}};
  runs.by_arm["B"] = {{{"us", 8}, {"n", 2}}};
  runs.lost = 4;
  return runs;
}

} // namespace

TEST(Report, SumsUpWhatWasMeasuredAndNothingElse) {
  const Report report = summarize(benchmark(), runs());
  ASSERT_EQ(report.rows.size(), 4U);
  EXPECT_EQ(report.rows[0].arm, "A");
  EXPECT_EQ(report.rows[0].median, 20);
  EXPECT_EQ(report.rows[0].n, 3U);
  EXPECT_EQ(report.rows[2].metric, "count");
  EXPECT_EQ(report.rows[2].n, 1U);
  ASSERT_EQ(report.ratios.size(), 2U) << "none with an arm that is missing";
  EXPECT_EQ(report.ratios[0].ratio, 2.5);
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_EQ(report.skipped[0].why, "not here");
  EXPECT_EQ(report.arms, (std::vector<std::string>{"A: first", "B: second"}));
  EXPECT_EQ(report.repetitions, 3U);
}

TEST(Report, ATableSaysWhatIsMissingLostAndMissed) {
  EXPECT_EQ(as_text(summarize(benchmark(), runs())), R"(Title

  time, us  median  95% from  to  CV %  n
  A             20        10  30    50  3
  B              8         8   8     0  1

  count  median  95% from  to  CV %  n
  A           1         1   1     0  1
  B           2         2   2     0  1

  ratio of medians: time  ratio  95% from    to                aim
  A / B                    2.50      1.25  3.75  at most 2: missed

  ratio of medians: count  ratio  95% from     to                 aim
  A / B                    0.500     0.500  0.500  at least 3: missed

  not measured: C: not here
  4 repetitions lost: the machine was not quiet
)");
}

TEST(Report, AimsAreOfMediansAndOfRatios) {
  using Lines = std::vector<std::vector<std::string>>;
  EXPECT_EQ(aim_lines(summarize(benchmark(), runs())),
            (Lines{{"B: time, us", "8", "at most 8: met"},
                   {"A / B: time", "2.50", "at most 2: missed"},
                   {"A / B: count", "0.500", "at least 3: missed"}}))
      << "none of an arm that is missing";
}

TEST(Report, NumbersHaveThreeDigits) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(123.4), "123");
  EXPECT_EQ(number_text(12.34), "12.3");
  EXPECT_EQ(number_text(-1.234), "-1.23");
  EXPECT_EQ(number_text(0.1234), "0.123");
  EXPECT_EQ(number_text(0.01234), "0.0123");
  EXPECT_EQ(number_text(64), "64");
  EXPECT_EQ(number_text(INFINITY), "inf");
  EXPECT_EQ(number_text(NAN), "-");
}

TEST(Report, ItsJsonReadsBackAsTheSame) {
  Report report = summarize(benchmark(), runs());
  report.quick = true;
  report.facts["cpu"] = "x";
  report.ratios[1].high = INFINITY;
  report.plots.push_back(bars_of(report, 0, true));
  const auto json = qemu_pin::parse_json(qemu_pin::json_line(as_json(report)));
  auto back = from_json(json);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(as_text(*back), as_text(report));
  EXPECT_EQ(aim_lines(*back), aim_lines(report));
  EXPECT_EQ(back->samples, report.samples);
  EXPECT_EQ(back->facts, report.facts);
  EXPECT_EQ(back->limits, report.limits);
  EXPECT_EQ(back->arms, report.arms);
  EXPECT_EQ(back->plots.size(), 1U);
}

TEST(Report, JsonThatIsNoReportIsRefused) {
  auto json = as_json(summarize(benchmark(), runs()));
  json["schema"] = 2;
  EXPECT_FALSE(from_json(json));
  json["schema"] = 1;
  ASSERT_TRUE(from_json(json));
  json.erase("rows");
  auto refused = from_json(json);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("'rows'"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(from_json(nlohmann::json(5)));
  EXPECT_FALSE(from_json(qemu_pin::parse_json("{")));
}

TEST(Report, BarsAreOfOneMetric) {
  const Plot plot = bars_of(summarize(benchmark(), runs()), 1, false);
  EXPECT_EQ(plot.labels, (std::vector<std::string>{"A", "B"}));
  ASSERT_EQ(plot.series.at(0).points.size(), 2U);
  EXPECT_EQ(plot.series[0].points[1].y, 2);
}

/* Drawn by gnuplot itself; labels that its language would take for its own. */
TEST(Plot, IsDrawnWithItsLabels) {
  if (system("command -v gnuplot >/dev/null") != 0)
    GTEST_SKIP() << "gnuplot is not here";
  auto folder = TempDir::make();
  ASSERT_TRUE(folder);
  for (const auto kind : {Plot::Kind::bars, Plot::Kind::lines, Plot::Kind::steps})
    for (const bool log : {false, true}) {
      const Plot plot{kind,
                      "a \"title\" \\ x_1",
                      "x",
                      "y",
                      log,
                      log,
                      {"one_{2}", "two"},
                      {{"series", {{1, 2, 1, 3}, {2, 20, 20, 20}}}}};
      const std::string path = folder->file("plot.svg");
      const auto drawn = write_svg(plot, path);
      ASSERT_TRUE(drawn) << drawn.error().message;
      const std::string svg = read_text(path);
      EXPECT_NE(svg.find("</svg>"), std::string::npos);
      EXPECT_NE(svg.find("x_1"), std::string::npos);
      EXPECT_EQ(svg.find("one_{2}") != std::string::npos, kind == Plot::Kind::bars);
    }
}

TEST(Plot, WhatCannotBeDrawnIsAnErrorAndLeavesNoFile) {
  if (system("command -v gnuplot >/dev/null") != 0)
    GTEST_SKIP() << "gnuplot is not here";
  auto folder = TempDir::make();
  ASSERT_TRUE(folder);
  const Plot empty{Plot::Kind::lines, "t", "x", "y", false, false, {}, {}};
  EXPECT_FALSE(write_svg(empty, folder->file("plot.svg")));
  EXPECT_EQ(read_text(folder->file("plot.svg")), "");
  const Plot fine{
      Plot::Kind::lines, "t", "x", "y", false, false, {}, {{"s", {{1, 1, 1, 1}, {2, 2, 2, 2}}}}};
  EXPECT_FALSE(write_svg(fine, folder->file("nowhere/plot.svg")));
}
