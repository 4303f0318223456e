/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plot.h"

#include "harness/child.h"
#include "harness/temp_dir.h"

#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

using qemu_pin::Error;

namespace bench {

namespace {

constexpr auto drawing_time = std::chrono::seconds(60);

/* For gnuplot: in double quotes, with no enhanced text. */
std::string quoted(const std::string &text) {
  std::string result = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\')
      result += '\\';
    result += character;
  }
  return result + "\"";
}

std::string blocks(const Plot &plot) {
  std::string text;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    text += fmt::format("$series{} << END\n", i);
    for (const PlotPoint &point : plot.series[i].points)
      text += fmt::format("{} {} {} {}\n", point.x, point.y, point.low, point.high);
    text += "END\n";
  }
  return text;
}

std::string settings(const Plot &plot, const std::string &output) {
  const std::size_t entries =
      plot.kind == Plot::Kind::bars ? plot.labels.size() : plot.series.size();
  std::string text =
      fmt::format("set terminal svg noenhanced size 800,{} font 'sans,13' "
                  "background '#ffffff'\nset output {}\n",
                  plot.kind == Plot::Kind::bars ? 110 + 26 * entries : 460, quoted(output));
  text += "set title " + quoted(plot.title) +
          "\nset grid lc '#dddddd'\nset tics nomirror\n"
          "set border 3 lc '#777777'\n";
  /* gnuplot's own has a yellow that white swallows. */
  int line = 0;
  for (const char *colour : {"#4878a8", "#d1605e", "#3a923a", "#8c6bb1", "#c48b3f"})
    text += fmt::format("set linetype {} lc rgb '{}'\n", ++line, colour);
  if (plot.kind != Plot::Kind::bars)
    return text + "set xlabel " + quoted(plot.x_title) + "\nset ylabel " + quoted(plot.y_title) +
           (plot.log_x ? "\nset logscale x" : "") + (plot.log_y ? "\nset logscale y" : "") +
           "\nset key outside right top\n";
  /* Bars lie down, so that their names can be read: the value is on x. */
  text += "set xlabel " + quoted(plot.y_title) + "\nset style fill solid 0.8\nunset key\n" +
          (plot.log_y ? "set logscale x\n" : "set xrange [0:*]\n") +
          fmt::format("set yrange [{}:-0.7]\nset ytics (", static_cast<double>(entries) - 0.3);
  for (std::size_t i = 0; i < entries; ++i)
    text += fmt::format("{}{} {}", i ? ", " : "", quoted(plot.labels[i]), i);
  return text + ")\n";
}

std::string curves(const Plot &plot) {
  if (plot.kind == Plot::Kind::bars)
    return fmt::format("plot $series0 using 2:1:({}):2:($1-0.35):($1+0.35) with boxxyerror lc "
                       "'#4878a8', $series0 using 2:1:3:4 with xerrorbars lc '#222222' lw 1.5 "
                       "pt 0\n",
                       plot.log_y ? "GPVAL_X_MIN" : "0");
  std::string text = "plot ";
  for (std::size_t i = 0; i < plot.series.size(); ++i)
    text += fmt::format("{}$series{} using 1:2 with {} lw 2 title {}", i ? ", " : "", i,
                        plot.kind == Plot::Kind::steps ? "steps" : "linespoints pt 7 ps 0.5",
                        quoted(plot.series[i].title));
  return text + "\n";
}

/* The least that a logarithmic bar can start from, in a place below all values. */
double floor_of(const Plot &plot) {
  double least = 0;
  for (const PlotPoint &point : plot.series.front().points)
    if (const double low = std::min(point.y, point.low); low > 0 && (least == 0 || low < least))
      least = low;
  return least / 3;
}

std::string script(const Plot &plot, const std::string &output) {
  std::string text = blocks(plot) + settings(plot, output) + curves(plot);
  if (plot.kind != Plot::Kind::bars || !plot.log_y)
    return text;
  const std::string from = fmt::format("{}", floor_of(plot));
  text.replace(text.find("GPVAL_X_MIN"), std::string("GPVAL_X_MIN").size(), from);
  return text.insert(text.find("\nplot ") + 1, "set xrange [" + from + ":*]\n");
}

} // namespace

qemu_pin::Result<> write_svg(const Plot &plot, const std::string &path) {
  auto folder = TempDir::make();
  if (!folder)
    return folder.error();
  const std::string drawn = path + ".new";
  write_text(folder->file("script"), script(plot, drawn));
  auto gnuplot = Child::start({{"gnuplot", folder->file("script")}, "", folder->file("errors")});
  if (!gnuplot)
    return Error{"gnuplot: " + gnuplot.error().message + " (Debian's package gnuplot-nox)"};
  const auto status = gnuplot->wait(drawing_time);
  std::error_code trouble;
  if (status != 0 || !std::filesystem::file_size(drawn, trouble)) {
    std::filesystem::remove(drawn, trouble);
    return Error{"gnuplot: " + read_text(folder->file("errors"))};
  }
  std::filesystem::rename(drawn, path, trouble);
  if (trouble)
    return Error{path + ": " + trouble.message()};
  return {};
}

} // namespace bench
