/*
 * irqbalance's socket, as of versions 1.4 to 1.9: one command a connection, from root, who
 * proves it by SCM_CREDENTIALS; the answer, if there is one, ends with the connection.
 *
 *     setup               "SLEEP 10 IRQ 9 LOAD ... BANNED 0000000c": seconds between looks,
 *                         interrupts that are left alone, mask of CPUs that are
 *     settings cpus 2-3   these and no others; "NULL": its own choice
 *
 * Who asks for the setup and does not wait for the answer kills it, by SIGPIPE. So it is
 * asked only when it has just been heard to listen, and then with much patience.
 *
 * Source: irqbalance(1), sock_handle() and setup_banned_cpus() of its source, and strace.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/irqbalance.h"

#include "base/fd.h"
#include "base/words.h"
#include "kernel/procfs.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <variant>
#include <vector>

namespace qemu_pin {

using namespace std::chrono_literals;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

constexpr seconds for_connection = 5s, for_answer = 60s, until_it_settles = 20s;
constexpr auto between_questions = 200ms;
constexpr std::size_t longest_command = 500; /* it reads no more, and does not say so */
constexpr std::size_t longest_answer = 1U << 20;
constexpr const char *no_command = "qemu-pin";

struct Address {
  sockaddr_un name{};
  socklen_t length = sizeof(sockaddr_un);
};

Address address(std::string_view path) {
  Address found;
  found.name.sun_family = AF_UNIX;
  path.copy(found.name.sun_path, sizeof found.name.sun_path - 1);
  return found;
}

/* Where it listens: in its folder; where that is missing, at an abstract name, which by
 * mistake became one of zeros alone when the folder was introduced. */
std::array<Address, 3> addresses(pid_t irqbalance) {
  const std::string name = "irqbalance" + std::to_string(irqbalance) + ".sock";
  std::array<Address, 3> all = {address("/run/irqbalance/" + name), address(""), address("")};
  name.copy(all[1].name.sun_path + 1, sizeof all[1].name.sun_path - 1);
  all[1].length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return all;
}

/* Anybody may take an abstract name. */
bool is_served_by(const Fd &socket, pid_t irqbalance) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         peer.pid == irqbalance && (peer.uid == 0 || peer.uid == geteuid());
}

bool is_there(const Host &host, pid_t process) {
  auto stat = host.procfs().stat(process, process);
  return stat && *stat && (*stat)->state != 'Z';
}

std::string who(pid_t irqbalance) {
  return "irqbalance (process " + std::to_string(irqbalance) + ")";
}

/* One command, and its answer. */
class Conversation {
public:
  Conversation(const Host &host, pid_t irqbalance) : host_(host), irqbalance_(irqbalance) {}

  Result<> say(const std::string &command) {
    if (command.size() > longest_command)
      return refusal(EMSGSIZE);
    for (const Address &where : addresses(irqbalance_)) {
      const int fault = connect_to(where);
      if (fault == ENOENT || fault == ECONNREFUSED)
        continue;
      if (fault != 0)
        return refusal(fault);
      if (!send(command))
        return refusal(errno);
      return {};
    }
    return is_there(host_, irqbalance_)
               ? Error{who(irqbalance_) + " has no socket to be told by", ECONNREFUSED}
               : refusal(ESRCH);
  }

  /* What comes until it hangs up; "" of a command that is not answered. */
  Result<std::string> listen(seconds time) {
    const auto deadline = steady_clock::now() + time;
    std::string answer;
    std::array<char, 4096> piece{};
    while (answer.size() <= longest_answer) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
      pollfd waiting{socket_.number(), POLLIN, 0};
      if (left <= 0ms || poll(&waiting, 1, static_cast<int>(left.count())) == 0)
        return refusal(ETIMEDOUT);
      const ssize_t size = recv(socket_.number(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (size == 0)
        return answer;
      if (size > 0)
        answer.append(piece.data(), static_cast<std::size_t>(size));
      else if (errno != EINTR && errno != EAGAIN)
        return refusal(errno);
    }
    return refusal(EMSGSIZE);
  }

private:
  Error refusal(int number) const { return system_error(who(irqbalance_), number); }

  /* 0, or an errno. */
  int connect_to(const Address &where) {
    socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval most{for_connection.count(), 0};
    if (!socket_ ||
        setsockopt(socket_.number(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) != 0 ||
        connect(socket_.number(), reinterpret_cast<const sockaddr *>(&where.name), where.length) !=
            0)
      return errno == EAGAIN ? ETIMEDOUT : errno;
    return is_served_by(socket_, irqbalance_) ? 0 : ECONNREFUSED;
  }

  bool send(std::string command) const {
    const ucred we{getpid(), geteuid(), getegid()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof we)> control{};
    iovec text{command.data(), command.size()};
    msghdr message{};
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_CREDENTIALS;
    head->cmsg_len = CMSG_LEN(sizeof we);
    std::memcpy(CMSG_DATA(head), &we, sizeof we);
    return sendmsg(socket_.number(), &message, MSG_NOSIGNAL) ==
           static_cast<ssize_t>(command.size());
  }

  const Host &host_;
  pid_t irqbalance_;
  Fd socket_;
};

/* The answer to a command that has one. */
Result<std::string> ask(const Host &host, pid_t irqbalance, const std::string &command,
                        seconds patience) {
  Conversation first(host, irqbalance), second(host, irqbalance);
  if (auto result = first.say(no_command); !result)
    return result.error();
  if (auto end = first.listen(patience); !end)
    return end;
  if (auto result = second.say(command); !result)
    return result.error();
  return second.listen(for_answer);
}

/* The word after another: "0000000c" after "BANNED". */
std::optional<std::string> word_after(const std::string &text, const std::string &word) {
  const std::size_t at = (" " + text).find(" " + word + " ");
  if (at == std::string::npos)
    return std::nullopt;
  const std::size_t begin = at + word.size() + 1;
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

/* Nothing: it has gone. */
Result<std::optional<CpuSet>> read_ban(const Host &host, pid_t irqbalance, seconds patience) {
  using Found = std::optional<CpuSet>;
  const auto answer = ask(host, irqbalance, "setup", patience);
  if (!answer)
    return is_there(host, irqbalance) ? Result<Found>(answer.error()) : Found();
  const auto mask = word_after(*answer, "BANNED");
  auto banned = mask && !mask->empty() ? read_cpu_mask(*mask) : CpuSet();
  if (mask && banned)
    return Found(*banned);
  return is_there(host, irqbalance)
             ? Result<Found>(Error{who(irqbalance) + " does not answer as it should"})
             : Found();
}

CpuSet banned_by_itself(const Host &host, pid_t irqbalance) {
  constexpr std::string_view mask = "IRQBALANCE_BANNED_CPUS=", list = "IRQBALANCE_BANNED_CPULIST=";
  auto environment = host.procfs().environment(irqbalance);
  CpuSet from_list;
  for (const std::string &variable : environment ? *environment : std::vector<std::string>()) {
    if (variable.starts_with(mask) && variable.size() > mask.size())
      if (auto cpus = read_cpu_mask(variable.substr(mask.size())))
        return *cpus;
    if (variable.starts_with(list) && variable.size() > list.size())
      if (auto cpus = read_cpu_set(variable.substr(list.size())))
        from_list = *cpus;
  }
  if (!from_list.empty())
    return from_list;
  CpuSet booted;
  for (const char *file : {"/sys/devices/system/cpu/isolated", "/sys/devices/system/cpu/nohz_full"})
    if (auto cpus = read_cpu_set(host.line_of(file)))
      booted.merge(*cpus);
  return booted;
}

} // namespace

std::optional<ThreadId> irqbalance_process(const Host &host) {
  const Procfs &procfs = host.procfs();
  auto processes = procfs.process_ids();
  for (const pid_t process : processes ? *processes : std::vector<pid_t>()) {
    if (host.is_known_as_bound(process) || procfs.name(process) != "irqbalance")
      continue;
    auto stat = procfs.stat(process, process);
    if (stat && *stat && (*stat)->state != 'Z')
      return (*stat)->thread;
  }
  return std::nullopt;
}

Result<std::optional<std::string>> banned_cpus(const Host &host, pid_t irqbalance,
                                               seconds patience) {
  using Found = std::optional<std::string>;
  auto ban = read_ban(host, irqbalance, patience);
  if (!ban)
    return ban.error();
  if (!*ban)
    return Found();
  return Found((**ban == banned_by_itself(host, irqbalance) ? "" : cpu_list(**ban)) + "\n");
}

Result<> ban_cpus(const Host &host, pid_t irqbalance, const std::string &cpus) {
  const std::string list = stripped(cpus);
  return Conversation(host, irqbalance).say("settings cpus " + (list.empty() ? "NULL" : list));
}

Result<std::optional<IrqbalanceBan>> settled_ban(const Host &host, pid_t irqbalance,
                                                 const CpuSet &known) {
  using Found = std::optional<IrqbalanceBan>;
  const CpuSet by_itself = banned_by_itself(host, irqbalance);
  const auto deadline = steady_clock::now() + until_it_settles;
  for (;;) {
    auto ban = read_ban(host, irqbalance, until_irqbalance_listens);
    if (!ban)
      return ban.error();
    if (!*ban)
      return Found();
    if (without(without(**ban, by_itself), known).empty() || steady_clock::now() >= deadline)
      return Found(IrqbalanceBan{**ban, by_itself});
    std::this_thread::sleep_for(between_questions);
  }
}

} // namespace qemu_pin
