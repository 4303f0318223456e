/*
 * Columns as wide as what is in them: the first is flushed left, the others right.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_TEXT_TABLE_H
#define BENCH_CORE_TEXT_TABLE_H

#include <string>
#include <vector>

namespace bench {

/* Indented by two; lines: at least one, all as long as the first. */
std::string text_table(const std::vector<std::vector<std::string>> &lines);

} // namespace bench

#endif
