/*
 * Talks as irqbalance does, as far as qemu-pin is concerned: one command a connection, from
 * whoever sends credentials of the right user; and it dies if nobody takes its answer.
 * Moves no interrupt.
 *
 *     irqbalance [--takes-up N] [--banned MASK] [--says TEXT] [--zeros | --no-socket]
 *
 * --takes-up: when it is told to ban, the next N questions still get the old answer. --banned:
 * from the start. --says: to "setup", instead of the setup. --zeros: where it listens is the
 * abstract name of zeros. Each command, when it has come, is a line on standard output; "ready" is
 * the first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/cpu_set.h"

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

struct Options {
  int takes_up = 0; /* questions */
  std::string banned = "00000000", says;
  bool zeros = false, socket = true;
};

Options read_options(int count, char **words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--zeros")
      options.zeros = true;
    else if (word == "--no-socket")
      options.socket = false;
    else if (word == "--takes-up")
      options.takes_up = std::stoi(words[++i]);
    else if (word == "--banned")
      options.banned = words[++i];
    else if (word == "--says")
      options.says = words[++i];
  }
  return options;
}

int listen_at(const Options &options) {
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  socklen_t length = sizeof name;
  if (!options.zeros) {
    const std::string text = "irqbalance" + std::to_string(getpid()) + ".sock";
    text.copy(name.sun_path + 1, sizeof name.sun_path - 1);
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  }
  const int yes = 1;
  if (bind(listener, reinterpret_cast<sockaddr *>(&name), length) != 0 ||
      setsockopt(listener, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0 ||
      listen(listener, 1) != 0)
    return -1;
  return listener;
}

/* "" of one without credentials. */
std::string receive(int connection) {
  char text[500];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  iovec piece{text, sizeof text};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = recvmsg(connection, &message, 0);
  const cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (size < 0 || !head || head->cmsg_type != SCM_CREDENTIALS)
    return "";
  ucred sender{};
  std::memcpy(&sender, CMSG_DATA(head), sizeof sender);
  return sender.uid == geteuid() ? std::string(text, static_cast<std::size_t>(size)) : "";
}

} // namespace

int main(int count, char **words) {
  const Options options = read_options(count, words);
  const int listener = options.socket ? listen_at(options) : -1;
  if (options.socket && listener < 0) {
    std::perror("fake irqbalance");
    return 1;
  }
  std::puts("ready");
  std::fflush(stdout);
  if (!options.socket)
    pause();
  std::string banned = options.banned, next = banned;
  int left = 0;
  for (int connection = 0; (connection = accept(listener, nullptr, nullptr)) >= 0;
       close(connection)) {
    const std::string command = receive(connection);
    std::puts(command.c_str());
    std::fflush(stdout);
    const std::string ban = "settings cpus ";
    if (command.starts_with(ban)) {
      const std::string list = command.substr(ban.size());
      auto cpus = qemu_pin::read_cpu_set(list);
      next = cpus ? qemu_pin::cpu_mask(*cpus, "00000000") : options.banned;
      left = options.takes_up;
    }
    if (command != "setup")
      continue;
    if (left-- <= 0)
      banned = next;
    const std::string answer = options.says.empty()
                                   ? "SLEEP 10 IRQ 9 LOAD 0 DIFF 0 CLASS 2 BANNED " + banned
                                   : options.says;
    send(connection, answer.data(), answer.size(), 0);
  }
}
