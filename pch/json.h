/*
 * The same with JSON.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "standard.h"

#include <nlohmann/json.hpp>
