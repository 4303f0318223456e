/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <stdexcept>

namespace qemu_pin {

Json parse_json(std::string_view text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

JsonText parse_json(std::string_view text, int max_depth) {
  bool is_too_deep = false;
  /* Saying no to a value makes the parser throw it away and go on. */
  const auto shallow = [&](int depth, Json::parse_event_t, const Json &) {
    is_too_deep |= depth > max_depth;
    return !is_too_deep;
  };
  Json json = Json::parse(text, shallow, /*allow_exceptions=*/false);
  if (is_too_deep || json.is_discarded())
    return {std::nullopt, is_too_deep};
  return {std::move(json), false};
}

OrderedJson parse_ordered_json(std::string_view text) {
  const auto shallow = [](int depth, OrderedJson::parse_event_t, const OrderedJson &) {
    if (depth > ordered_json_depth)
      throw std::invalid_argument("this JSON is nested too deep");
    return true;
  };
  return OrderedJson::parse(text, shallow);
}

std::string json_line(const Json &json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string json_line(const OrderedJson &json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::optional<std::string> strict_json_line(const Json &json) {
  try {
    return json.dump();
  } catch (const Json::type_error &) {
    return std::nullopt;
  }
}

std::string json_document(const OrderedJson &json) {
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

} // namespace qemu_pin
