/*
 * The monitor's client fed with anything (libFuzzer). The first byte of an input says how
 * far a proper QEMU gets before what follows takes its place.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "machine/machine.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/socket.h>

using namespace std::chrono_literals;
using namespace qemu_pin;

namespace {

void require(bool property, const char *name) {
  if (property)
    return;
  std::fprintf(stderr, "property violated: %s\n", name);
  std::abort();
}

void require_message(const Error &error) {
  require(!error.message.empty(), "a failure has a message");
}

const std::string greeting = R"({"QMP": {"version": {}, "capabilities": []}})"
                             "\n";
const std::string ready = greeting + R"({"return": {}, "id": 1})"
                                     "\n";
const std::string vcpus = ready + R"({"return": [{"cpu-index": 0, "thread-id": 7}], "id": 2})"
                                  "\n";

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  if (size == 0 || size > 100'000)
    return 0;
  const std::string starts[] = {"", greeting, ready, vcpus};
  const std::string text =
      starts[bytes[0] % 4] + std::string(reinterpret_cast<const char *>(bytes) + 1, size - 1);
  int ends[2];
  require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0,
          "a socket pair");
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  require(send(theirs.number(), text.data(), text.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(text.size()),
          "an input has room in the socket");
  require(shutdown(theirs.number(), SHUT_WR) == 0, "an input has an end");
  auto monitor = Qmp::negotiate(std::move(ours), 5s);
  if (!monitor) {
    require_message(monitor.error());
    return 0;
  }
  auto threads = vcpu_threads(*monitor);
  if (!threads)
    require_message(threads.error());
  else
    for (const auto &[vcpu, thread] : *threads)
      require(thread >= 0, "a thread's id is no negative number");
  auto iothreads = iothread_threads(*monitor);
  if (!iothreads)
    require_message(iothreads.error());
  /* Whatever it took for an answer, it ends. */
  for (int i = 0; i < 4; ++i) {
    auto answer = monitor->execute("query-status");
    if (!answer)
      require_message(answer.error());
  }
  return 0;
}
