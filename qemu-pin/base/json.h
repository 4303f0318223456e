/*
 * JSON by nlohmann-json. Its reader and writer are compiled in json.cc alone: each file that
 * calls them costs seconds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_JSON_H
#define QEMU_PIN_JSON_H

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace qemu_pin {

using Json = nlohmann::json;
/* With members in the order in which they were added. */
using OrderedJson = nlohmann::ordered_json;

/* A document; one that is_discarded() if text is none. */
Json parse_json(std::string_view text);

struct JsonText {
  std::optional<Json> json; /* nothing: text is no document, or too deep */
  bool is_too_deep;
};

/* The same of text that may nest values max_depth deep. */
JsonText parse_json(std::string_view text, int max_depth);

/* Values within values: each takes a hundred times the memory of its text. */
constexpr int ordered_json_depth = 100;

/* The same with members in their order. Throws OrderedJson::parse_error, whose message says
 * where, on text that is no document; and std::invalid_argument on one that is nested deeper than
 * ordered_json_depth. */
OrderedJson parse_ordered_json(std::string_view text);

/* On one line without a newline. Bytes that are not UTF-8 become U+FFFD. */
std::string json_line(const Json &json);
std::string json_line(const OrderedJson &json);

/* Nothing where there are such bytes. */
std::optional<std::string> strict_json_line(const Json &json);

/* Indented by two blanks, with a newline at its end. The same of such bytes. */
std::string json_document(const OrderedJson &json);

} // namespace qemu_pin

#endif
