/*
 * Whom the built-in smb share acts as: the user who called sudo, if QEMU runs as
 * root by way of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pinning_test.h"

#include <arpa/inet.h>
#include <filesystem>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using qemu_pin::Fd;

namespace {

std::optional<uid_t> uid_of(const char *name) {
  const passwd *entry = getpwnam(name);
  return entry ? std::optional(entry->pw_uid) : std::nullopt;
}

bool installed(const char *program) {
  return std::filesystem::exists(program);
}

/* A folder to share and a QEMU that shares it; its configuration for smbd lies
 * in a folder of its own making, under files. */
class SmbShare : public QemuTest {
protected:
  void SetUp() override {
    QemuTest::SetUp();
    if (IsSkipped())
      return;
    if (geteuid() != 0)
      GTEST_SKIP() << "only root can run QEMU as others";
    if (!installed("/usr/sbin/smbd"))
      GTEST_SKIP() << "smbd is not installed (package samba)";
    sudoer_ = uid_of("daemon");
    if (!sudoer_)
      GTEST_SKIP() << "there is no user daemon";
    files_.emplace(std::move(*TempDir::make()));
    /* Those who use the share pass through; they need not look around. */
    ASSERT_EQ(chmod(files_->path().c_str(), 0711), 0);
    ASSERT_EQ(mkdir(share().c_str(), 0777), 0);
    ASSERT_EQ(chmod(share().c_str(), 0777), 0);
  }

  std::string share() const { return files_->file("share"); }

  Command qemu(const std::string &sudo_user, std::optional<uid_t> user = std::nullopt) {
    GuestSpec spec;
    spec.qemu = GetParam().qemu;
    spec.accelerator = "tcg";
    spec.image = GUEST_IMAGE;
    spec.more = {"-S", "-nic", "user,smb=" + share()};
    Command command{command_line(spec, files_->path()), "", files_->file("errors")};
    command.environment = {"TMPDIR=" + files_->path(), sudo_user};
    command.user = user;
    return command;
  }

  /* Runs until the test ends; false is a failure of the test. */
  bool share_with(const Command &command) {
    auto process = Child::start(command);
    EXPECT_TRUE(process) << process.error().message;
    if (!process)
      return false;
    qemu_.emplace(std::move(*process));
    auto monitor = connect_when_ready(files_->file("qmp"), *qemu_);
    EXPECT_TRUE(monitor) << monitor.error().message << read_text(files_->file("errors"));
    return static_cast<bool>(monitor);
  }

  std::string configuration_file() const {
    for (const auto &entry : std::filesystem::directory_iterator(files_->path()))
      if (entry.path().filename().native().starts_with("qemu-smb."))
        return entry.path() / "smb.conf";
    return "";
  }
  /* The lines of smb.conf with that key. */
  std::string setting(const std::string &key) const {
    std::istringstream lines(read_text(configuration_file()));
    std::string found;
    for (std::string line; std::getline(lines, line);)
      if (line.find(key) != std::string::npos)
        found += line;
    return found;
  }

  std::optional<TempDir> files_;
  std::optional<Child> qemu_; /* after files_, so that it ends before they do */
  std::optional<uid_t> sudoer_;
};

/* A port that was free a moment ago. */
std::string free_port() {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto *generic = reinterpret_cast<sockaddr *>(&address);
  EXPECT_EQ(bind(socket.number(), generic, size), 0);
  EXPECT_EQ(getsockname(socket.number(), generic, &size), 0);
  return std::to_string(ntohs(address.sin_port));
}

} // namespace

TEST_P(SmbShare, ActsAsTheUserWhoCalledSudo) {
  ASSERT_TRUE(share_with(qemu("SUDO_USER=daemon")));
  EXPECT_EQ(setting("force user"), "force user=daemon");
}

TEST_P(SmbShare, ActsAsRootWithoutSudo) {
  ASSERT_TRUE(share_with(qemu("SUDO_USER")));
  EXPECT_EQ(setting("force user"), "force user=root");
}

TEST_P(SmbShare, TakesAnEmptySudoUserForNone) {
  ASSERT_TRUE(share_with(qemu("SUDO_USER=")));
  EXPECT_EQ(setting("force user"), "force user=root");
}

TEST_P(SmbShare, IgnoresSudoUserWhenNotRoot) {
  auto nobody = uid_of("nobody");
  if (!nobody)
    GTEST_SKIP() << "there is no user nobody";
  ASSERT_EQ(chown(files_->path().c_str(), *nobody, static_cast<gid_t>(-1)), 0);
  if (auto trial = Child::start({{GetParam().qemu, "--version"}, "", "", {}, {}, "", nobody});
      !trial)
    GTEST_SKIP() << "nobody may not run it: " << trial.error().message;
  ASSERT_TRUE(share_with(qemu("SUDO_USER=daemon", nobody)));
  EXPECT_EQ(setting("force user"), "force user=nobody");
}

TEST_P(SmbShare, RefusesASudoUserWhoDoesNotExist) {
  auto process = Child::start(qemu("SUDO_USER=no-such-user"));
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_EQ(process->wait(), 1);
  const std::string program = std::filesystem::path(GetParam().qemu).filename();
  EXPECT_EQ(read_text(files_->file("errors")),
            program + ": -nic user,smb=" + share() +
                ": the smb share cannot act as SUDO_USER 'no-such-user': this host has no such "
                "user\n");
}

TEST_P(SmbShare, FollowsNoSymlinksOutOfTheFolder) {
  ASSERT_TRUE(share_with(qemu("SUDO_USER=daemon")));
  EXPECT_EQ(setting("path="), "path=" + share());
  EXPECT_EQ(setting("wide links"), "");
}

/* smbd is served a connection at a time, as slirp does for the guest. */
TEST_P(SmbShare, GivesFilesToTheUserWhoCalledSudo) {
  for (const char *program : {"/usr/bin/smbclient", "/usr/bin/socat"})
    if (!installed(program))
      GTEST_SKIP() << program << " is not installed";
  ASSERT_TRUE(share_with(qemu("SUDO_USER=daemon")));
  const std::string configuration = configuration_file();
  const std::string folder = std::filesystem::path(configuration).parent_path();
  const std::string port = free_port();
  auto server = Child::start(
      {{"/usr/bin/socat", "TCP-LISTEN:" + port + ",bind=127.0.0.1,fork",
        "EXEC:/usr/sbin/smbd -l " + folder + " -s " + configuration + ",nofork,setsid"},
       "",
       files_->file("socat")});
  ASSERT_TRUE(server) << server.error().message;

  write_text(files_->file("letter"), "from the guest");
  const bool sent = comes_true([&] {
    auto client = Child::start({{"/usr/bin/smbclient", "-N", "-p", port, "//127.0.0.1/qemu", "-c",
                                 "put " + files_->file("letter") + " letter"},
                                files_->file("client"),
                                files_->file("client")});
    return client && client->wait() == 0;
  });
  ASSERT_TRUE(sent) << read_text(files_->file("client")) << read_text(files_->file("socat"))
                    << read_text(folder + "/log.smbd");
  EXPECT_EQ(read_text(share() + "/letter"), "from the guest");
  struct stat letter {};
  ASSERT_EQ(stat((share() + "/letter").c_str(), &letter), 0);
  EXPECT_EQ(letter.st_uid, *sudoer_);
}

INSTANTIATE_TEST_SUITE_P(Samba, SmbShare, testing::ValuesIn(machines({"tcg"})), machine_name);
