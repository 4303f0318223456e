/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/patience.h"

#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string>
#include <sys/syscall.h>
#include <thread>

using std::chrono::steady_clock;

bool comes_true(const std::function<bool()> &holds) {
  const auto deadline = steady_clock::now() + patience;
  while (!holds()) {
    if (steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

bool waits_for_a_process(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  std::ifstream call(folder + "/syscall"); /* the number and the arguments */
  long number = 0;
  std::string address;
  if (!(call >> number >> address) || (number != SYS_poll && number != SYS_ppoll))
    return false;
  std::ifstream memory(folder + "/mem", std::ios::binary);
  pollfd first{};
  memory.seekg(std::stoll(address, nullptr, 16));
  if (!memory.read(reinterpret_cast<char *>(&first), sizeof first))
    return false;
  std::error_code error;
  return std::filesystem::read_symlink(folder + "/fd/" + std::to_string(first.fd), error) ==
         "anon_inode:[pidfd]";
}
