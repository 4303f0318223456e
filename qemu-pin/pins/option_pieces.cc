/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pins/option_pieces.h"

namespace qemu_pin {

std::vector<OptionPiece> option_pieces(const std::string &value, const std::string &first_key) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != ',')
      words.back() += value[i];
    else if (i + 1 < value.size() && value[i + 1] == ',')
      words.back() += value[i++];
    else
      words.emplace_back();
  }
  std::vector<OptionPiece> found;
  for (const std::string &word : words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos)
      found.push_back({word.substr(0, equals), word.substr(equals + 1)});
    else if (!word.empty())
      found.push_back({found.empty() ? first_key : word, found.empty() ? word : "on"});
  }
  return found;
}

std::string value_of(const std::vector<OptionPiece> &pieces, const std::string &key) {
  std::string value;
  for (const OptionPiece &piece : pieces)
    if (piece.key == key)
      value = piece.value;
  return value;
}

std::string option_name(const std::string &argument) {
  return argument.starts_with("--") ? argument.substr(1) : argument;
}

} // namespace qemu_pin
