/*
 * The monitor client against a server that says what the test likes: all of its
 * answers lie in the socket before the client asks, for its ids are 1, 2, ...
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "harness/patience.h"
#include "harness/temp_dir.h"
#include "machine/qmp.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>

using namespace std::chrono_literals;
using nlohmann::json;
using qemu_pin::Fd;
using qemu_pin::Qmp;
using qemu_pin::Result;

namespace {

const std::string greeting = R"({"QMP": {"version": {}, "capabilities": []}})"
                             "\r\n";
const std::string ready = greeting + R"({"return": {}, "id": 1})"
                                     "\r\n";

/* One end of a connection whose other end is ours to write. */
class Server {
public:
  Server() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours_ = Fd(ends[0]);
    client_ = Fd(ends[1]);
  }

  void say(const std::string &text) {
    ASSERT_EQ(send(ours_.number(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /* Until the client has hung up. */
  void say_blanks_for_ever() {
    const std::string blanks(1U << 20, ' ');
    while (send(ours_.number(), blanks.data(), blanks.size(), MSG_NOSIGNAL) > 0)
      ;
  }
  /* Until the client has read all that was said. */
  bool is_heard() {
    return comes_true([this] {
      int unread = -1;
      return ioctl(ours_.number(), SIOCOUTQ, &unread) == 0 && unread == 0;
    });
  }
  /* The client still reads what was said, and then the end. */
  void hang_up() { shutdown(ours_.number(), SHUT_WR); }
  void close() { ours_ = Fd(); }

  std::string heard() {
    std::array<char, 4096> buffer{};
    ssize_t n = recv(ours_.number(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

  Result<Qmp> connect(std::chrono::milliseconds timeout = patience) {
    return Qmp::negotiate(std::move(client_), timeout);
  }

private:
  Fd ours_, client_;
};

/* What a command comes to when the server answers it with text and hangs up. */
Result<json> execute_answered_by(const std::string &text) {
  Server server;
  server.say(ready + text);
  server.hang_up();
  auto qmp = server.connect();
  if (!qmp)
    return qmp.error();
  return qmp->execute("query-cpus-fast");
}

std::string error_when_answered_by(const std::string &text) {
  auto answer = execute_answered_by(text);
  return answer ? "no error" : answer.error().message;
}

TEST(Qmp, LeavesNegotiationAndReturnsTheAnswer) {
  Server server;
  server.say(ready + R"({"return": [{"thread-id": 7}], "id": 2})"
                     "\n");
  auto qmp = server.connect();
  ASSERT_TRUE(qmp) << qmp.error().message;
  auto answer = qmp->execute("query-cpus-fast", {{"x", 1}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, qemu_pin::parse_json(R"([{"thread-id": 7}])"));

  const std::string heard = server.heard();
  EXPECT_EQ(qemu_pin::parse_json(heard.substr(0, heard.find('\n')))["execute"], "qmp_capabilities");
  EXPECT_EQ(
      qemu_pin::parse_json(heard.substr(heard.find('\n'))),
      qemu_pin::parse_json(R"({"execute": "query-cpus-fast", "arguments": {"x": 1}, "id": 2})"));
}

TEST(Qmp, SkipsEventsBeforeTheAnswer) {
  auto answer = execute_answered_by(R"({"event": "RESUME", "timestamp": {}})"
                                    "\n"
                                    R"({"event": "STOP", "data": {"id": 2}})"
                                    "\n"
                                    R"({"return": 5, "id": 2})"
                                    "\n");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, 5);
}

TEST(Qmp, ReturnsWhatQemuSaysOfARefusedCommandAndGoesOn) {
  Server server;
  server.say(ready + R"({"error": {"class": "GenericError", "desc": "no such thing"}, "id": 2})"
                     "\n"
                     R"({"return": 1, "id": 3})"
                     "\n");
  auto qmp = server.connect();
  ASSERT_TRUE(qmp);
  auto refused = qmp->execute("x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "no such thing");
  EXPECT_TRUE(qmp->execute("y"));
}

TEST(Qmp, TakesAMessageInPieces) {
  Server server;
  server.say(ready + R"({"return": )");
  auto qmp = server.connect();
  ASSERT_TRUE(qmp);
  std::thread later([&] {
    EXPECT_TRUE(server.is_heard());
    server.say(R"(3, "id": 2})"
               "\n");
  });
  auto answer = qmp->execute("x");
  later.join();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, 3);
}

TEST(Qmp, RejectsWhatIsNoAnswer) {
  const struct {
    const char *text;
    const char *kind;
  } cases[] = {
      {"", "connection ended"},
      {R"({"return": {})", "in the middle of a message"},
      {R"({"return": {}, "id": 2})", "in the middle of a message"},
      {"{\"return\": {}\n", "not JSON"},
      {"\n", "not JSON"},
      {"nonsense\n", "not JSON"},
      {"{} {}\n", "not JSON"},
      {"{\"return\": \"\xff\", \"id\": 2}\n", "not JSON"},
      {"{\"return\": 1e999, \"id\": 2}\n", "not JSON"},
      {"[1]\n", "not an object"},
      {"{}\n", "answers nothing"},
      {"{\"id\": 2}\n", "answers nothing"},
      {"{\"return\": {}}\n", "answers nothing"},
      {"{\"return\": {}, \"id\": 3}\n", "answers nothing"},
      {"{\"return\": {}, \"id\": \"2\"}\n", "answers nothing"},
      {"{\"error\": null, \"id\": 2}\n", "answers nothing"},
      {"{\"error\": {\"desc\": 1}, \"id\": 2}\n", "answers nothing"},
  };
  for (const auto &[text, kind] : cases) {
    const std::string error = error_when_answered_by(text);
    EXPECT_TRUE(error.starts_with("QMP: ") && error.ends_with(kind)) << text << ": " << error;
  }
}

TEST(Qmp, RejectsNestingWithoutBounds) {
  const std::string deep(100000, '[');
  EXPECT_EQ(error_when_answered_by("{\"return\": " + deep + "\n"),
            "QMP: a message nested deeper than 1024");
  EXPECT_EQ(error_when_answered_by("{\"return\": " + deep + std::string(deep.size(), ']') +
                                   ", \"id\": 2}\n"),
            "QMP: a message nested deeper than 1024");
}

TEST(Qmp, RejectsAMessageWithoutEnd) {
  Server server;
  server.say(ready);
  std::thread endless([&] { server.say_blanks_for_ever(); });
  {
    auto qmp = server.connect();
    ASSERT_TRUE(qmp);
    EXPECT_EQ(qmp->execute("x").error().message, "QMP: a message longer than 16777216 bytes");
  }
  endless.join();
}

TEST(Qmp, GivesUpWhenItsTimeIsUp) {
  Server silent;
  EXPECT_EQ(silent.connect(20ms).error().message, "QMP: no answer in time");

  Server chatty;
  chatty.say(ready);
  auto qmp = chatty.connect(1s);
  ASSERT_TRUE(qmp);
  std::atomic<bool> stop = false;
  std::thread events([&] {
    while (!stop) {
      chatty.say("{\"event\": \"x\"}\n");
      std::this_thread::sleep_for(5ms);
    }
  });
  EXPECT_EQ(qmp->execute("x").error().message, "QMP: no answer in time");
  stop = true;
  events.join();
}

TEST(Qmp, TrustsAConnectionNoMoreAfterAnAnswerWentWrong) {
  Server server;
  server.say(ready);
  auto qmp = server.connect(1s);
  ASSERT_TRUE(qmp);
  ASSERT_FALSE(qmp->execute("slow"));
  server.say("{\"return\": \"late\", \"id\": 2}\n");
  EXPECT_EQ(qmp->execute("next").error().message, "QMP: no answer in time");
}

TEST(Qmp, SurvivesAServerThatIsGone) {
  Server server;
  server.say(ready);
  auto qmp = server.connect();
  ASSERT_TRUE(qmp);
  server.close();
  EXPECT_FALSE(qmp->execute("x"));
}

TEST(Qmp, RejectsAnotherProtocolsGreeting) {
  Server server;
  server.say("{\"hello\": 1}\n");
  EXPECT_EQ(server.connect().error().message, "QMP: the other end does not greet as QEMU does");
}

TEST(Qmp, RejectsACommandThatIsNotUtf8) {
  Server server;
  server.say(ready);
  auto qmp = server.connect();
  ASSERT_TRUE(qmp);
  EXPECT_EQ(qmp->execute("\xff").error().message, "QMP: a command that is not UTF-8");
}

TEST(Qmp, NamesTheSocketThatIsNotThere) {
  EXPECT_EQ(Qmp::connect("/nonexistent/qmp", 1s).error().message,
            "QMP: /nonexistent/qmp: No such file or directory");
  EXPECT_EQ(Qmp::connect("/" + std::string(107, 'x'), 1s).error().message,
            "QMP: the socket's path is longer than 107 bytes: /" + std::string(107, 'x'));
}

} // namespace
