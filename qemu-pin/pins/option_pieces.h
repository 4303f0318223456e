/*
 * The value of one of QEMU's options, in its pieces.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_OPTION_PIECES_H
#define QEMU_PIN_OPTION_PIECES_H

#include <string>
#include <vector>

namespace qemu_pin {

/* KEY=VALUE. A word without '=' is given to the option's first key where it comes
 * first, and is "on" elsewhere, as QEMU reads it. */
struct OptionPiece {
  std::string key;
  std::string value;
};

/* QEMU parts a value at commas; two of them stand for one. */
std::vector<OptionPiece> option_pieces(const std::string &value, const std::string &first_key);

/* The last one given, as QEMU takes it; "" if there is none. */
std::string value_of(const std::vector<OptionPiece> &pieces, const std::string &key);

/* "--smp" is "-smp" to QEMU. */
std::string option_name(const std::string &argument);

} // namespace qemu_pin

#endif
