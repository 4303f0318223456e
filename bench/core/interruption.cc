/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interruption.h"

#include <csignal>
#include <initializer_list>

namespace bench {

namespace {

volatile std::sig_atomic_t came = 0;

void remember(int number) {
  came = number;
}

} // namespace

void remember_signals() {
  struct sigaction action = {};
  action.sa_handler = remember;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    sigaction(number, &action, nullptr);
}

int interrupted() {
  return came;
}

} // namespace bench
