/*
 * The table of a machine's threads, as lines of text: whole, or fitted to a terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_THREAD_TABLE_H
#define QEMU_PIN_THREAD_TABLE_H

#include "observe/thread_looks.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace qemu_pin {

/* What a piece of a line is, for one who has colours. */
enum class Accent { none, heading, bar, wait, unknown };

struct Span {
  std::string text;
  Accent accent = Accent::none;
};
using Line = std::vector<Span>;

/* Bars for shares of a CPU: none, of '#', or of Unicode's eighths of a block, in UTF-8. */
enum class Bars { none, ascii, blocks };

struct TableStyle {
  std::size_t width = 0; /* columns; 0: as wide as it is */
  Bars bars = Bars::none;
};

struct ThreadTable {
  Line title;    /* which machine, and of what time the counts are */
  Line headings; /* of the columns */
  std::vector<Line> threads;
};

/* Where the columns do not fit, the least important ones are left out. Nothing that a
 * guest or a thread is called gets to a terminal as anything but printable ASCII. */
ThreadTable thread_table(const MachineLook &look, const TableStyle &style);

/*
 * What of the tables fits a screen: `height` lines of at most `width` columns. The last
 * of them is `foot`, led by how many threads are not shown, if any.
 */
std::vector<Line> screenful(const std::vector<ThreadTable> &tables, const std::string &foot,
                            std::size_t width, std::size_t height);

/* Without blanks at its end. */
std::string text_of(const Line &line);

/* In at most 6 characters, if it is under a million days: "0", "850us", "1.2ms", "3.4s",
 * "5m07s", "3h02m", "4d02h". */
std::string short_time(std::chrono::nanoseconds time);

} // namespace qemu_pin

#endif
