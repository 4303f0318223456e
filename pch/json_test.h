/*
 * For tests that read JSON.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "json.h"

#include <gtest/gtest.h>
