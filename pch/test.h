/*
 * For tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "standard.h"

#include <gtest/gtest.h>
