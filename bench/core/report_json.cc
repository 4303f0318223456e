/*
 * A report's JSON, version 1, there and back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "report.h"

#include <limits>

using nlohmann::json;
using qemu_pin::Error;
using qemu_pin::Result;

namespace bench {

namespace {

/* JSON has no infinity: null stands for every number that is not finite. */
double number(const json &value) {
  return value.is_null() ? std::numeric_limits<double>::infinity() : value.get<double>();
}

json plot_json(const Plot &plot) {
  static const char *const kinds[] = {"bars", "lines", "steps"};
  json series = json::array();
  for (const PlotSeries &one : plot.series) {
    json points = json::array();
    for (const PlotPoint &point : one.points)
      points.push_back({point.x, point.y, point.low, point.high});
    series.push_back({{"title", one.title}, {"points", points}});
  }
  return {{"kind", kinds[static_cast<int>(plot.kind)]},
          {"title", plot.title},
          {"x_title", plot.x_title},
          {"y_title", plot.y_title},
          {"log_x", plot.log_x},
          {"log_y", plot.log_y},
          {"labels", plot.labels},
          {"series", series}};
}

json aim_json(const std::optional<Aim> &aim) {
  if (!aim)
    return nullptr;
  return {{"kind", aim->kind == Aim::Kind::at_least ? "at_least" : "at_most"},
          {"value", aim->value}};
}

std::optional<Aim> aim_from(const json &value) {
  if (value.is_null())
    return std::nullopt;
  return Aim{value.at("kind") == "at_least" ? Aim::Kind::at_least : Aim::Kind::at_most,
             value.at("value").get<double>()};
}

json samples_json(const Report &report) {
  json samples = json::object();
  for (const auto &[arm, repetitions] : report.samples)
    samples[arm] = repetitions;
  return samples;
}

json facts_json(const Facts &facts) {
  json value = json::object();
  for (const auto &[key, fact] : facts)
    std::visit([&](const auto &one) { value[key] = one; }, fact);
  return value;
}

Facts facts_from(const json &value) {
  Facts facts;
  for (const auto &[key, fact] : value.items()) {
    if (fact.is_string())
      facts[key] = fact.get<std::string>();
    else if (fact.is_number_integer())
      facts[key] = fact.get<long>();
    else
      facts[key] = fact.get<double>();
  }
  return facts;
}

/* Throws json's exceptions. A page shows the pictures' files, not their points. */
Report parsed(const json &value) {
  Report report;
  if (value.at("schema") != 1)
    throw json::other_error::create(501, "schema is not 1", &value);
  value.at("name").get_to(report.name);
  value.at("title").get_to(report.title);
  value.at("about").get_to(report.about);
  value.at("limits").get_to(report.limits);
  value.at("quick").get_to(report.quick);
  value.at("repetitions").get_to(report.repetitions);
  value.at("lost").get_to(report.lost);
  value.at("busy").get_to(report.busy);
  value.at("arms").get_to(report.arms);
  for (const json &one : value.at("skipped"))
    report.skipped.push_back({one.at("arm"), one.at("why")});
  for (const json &row : value.at("rows"))
    report.rows.push_back({row.at("arm"), row.at("metric"), row.at("unit"), row.at("n"),
                           number(row.at("median")), number(row.at("low")), number(row.at("high")),
                           number(row.at("cv")), aim_from(row.at("aim"))});
  for (const json &row : value.at("ratios"))
    report.ratios.push_back({row.at("of"), row.at("to"), row.at("metric"), number(row.at("ratio")),
                             number(row.at("low")), number(row.at("high")),
                             aim_from(row.at("aim"))});
  report.plots.resize(value.at("plots").size());
  for (const auto &[arm, repetitions] : value.at("samples").items())
    for (const json &repetition : repetitions) {
      Figures &figures = report.samples[arm].emplace_back();
      for (const auto &[metric, figure] : repetition.items())
        figures[metric] = number(figure);
    }
  report.facts = facts_from(value.at("facts"));
  return report;
}

} // namespace

json as_json(const Report &report) {
  json value = {{"schema", 1},
                {"name", report.name},
                {"title", report.title},
                {"about", report.about},
                {"limits", report.limits},
                {"quick", report.quick},
                {"repetitions", report.repetitions},
                {"lost", report.lost},
                {"busy", report.busy},
                {"arms", report.arms},
                {"skipped", json::array()},
                {"rows", json::array()},
                {"ratios", json::array()},
                {"plots", json::array()},
                {"samples", samples_json(report)},
                {"facts", facts_json(report.facts)}};
  for (const SkippedArm &skipped : report.skipped)
    value["skipped"].push_back({{"arm", skipped.arm}, {"why", skipped.why}});
  for (const Row &row : report.rows)
    value["rows"].push_back({{"arm", row.arm},
                             {"metric", row.metric},
                             {"unit", row.unit},
                             {"n", row.n},
                             {"median", row.median},
                             {"low", row.low},
                             {"high", row.high},
                             {"cv", row.cv},
                             {"aim", aim_json(row.aim)}});
  for (const RatioRow &row : report.ratios)
    value["ratios"].push_back({{"of", row.of},
                               {"to", row.to},
                               {"metric", row.metric},
                               {"ratio", row.ratio},
                               {"low", row.low},
                               {"high", row.high},
                               {"aim", aim_json(row.aim)}});
  for (const Plot &plot : report.plots)
    value["plots"].push_back(plot_json(plot));
  return value;
}

std::string json_text(const Report &report) {
  return as_json(report).dump(1) + "\n";
}

Result<Report> from_json(const json &value) {
  try {
    return parsed(value);
  } catch (const json::exception &error) {
    return Error{std::string("no report of a benchmark: ") + error.what()};
  }
}

} // namespace bench
