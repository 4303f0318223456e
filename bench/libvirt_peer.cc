/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libvirt_peer.h"

#include "interruption.h"

#include <filesystem>
#include <fmt/core.h>
#include <sstream>
#include <unistd.h>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Result;

namespace bench {

namespace {

constexpr const char *guest_name = "qemu-pinning-bench";

/* $1: our folder. The shell stays as the first process, which has to bury what libvirtd
 * leaves: without that libvirtd waits for each QEMU's body to go. */
constexpr const char *become_daemon = R"(set -e
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
for folder in /run /var/lib /var/cache /var/log; do mount -t tmpfs none $folder; done
mkdir -p /etc/libvirt
mount --bind "$1/etc" /etc/libvirt
libvirtd -f "$1/libvirtd.conf" -p "$1/pid" &
wait)";

/* libvirtd does not start without its user, even where the configuration names another. */
void write_files(const TempDir &folder) {
  std::filesystem::create_directory(folder.file("etc"));
  write_text(folder.file("passwd"),
             read_text("/etc/passwd") +
                 "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin\n");
  write_text(folder.file("group"), read_text("/etc/group") + "libvirt-qemu:x:64055:\n");
  write_text(folder.file("libvirtd.conf"),
             "unix_sock_dir = \"" + folder.path() +
                 "\"\nauth_unix_ro = \"none\"\nauth_unix_rw = \"none\"\n");
  write_text(folder.file("etc/qemu.conf"),
             "user = \"root\"\ngroup = \"root\"\nsecurity_driver = \"none\"\n"
             "cgroup_controllers = []\nstdio_handler = \"file\"\n");
}

std::string last_line(const std::string &path) {
  std::string text = read_text(path);
  while (text.ends_with('\n'))
    text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

} // namespace

std::optional<std::string> why_no_libvirt() {
  if (geteuid() != 0)
    return "a libvirtd of our own needs root";
  for (const char *program : {"/usr/sbin/libvirtd", "/usr/bin/virsh", "/usr/bin/unshare"})
    if (access(program, X_OK) != 0)
      return std::string(program) + " is not installed";
  /* tmpfs is mounted over what is there. */
  for (const char *folder :
       {"/etc/passwd", "/etc/group", "/run", "/var/lib", "/var/cache", "/var/log"})
    if (access(folder, F_OK) != 0)
      return std::string(folder) + " is missing";
  return std::nullopt;
}

Result<LibvirtPeer> LibvirtPeer::start(const std::string &qemu) {
  auto folder = TempDir::make();
  if (!folder)
    return folder.error();
  write_files(*folder);
  auto daemon = Child::start(
      {{"unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
        "--mount-proc", "sh", "-c", become_daemon, "sh", folder->path()},
       "",
       folder->file("daemon-errors")});
  if (!daemon)
    return daemon.error();
  LibvirtPeer peer(std::move(*folder), std::filesystem::absolute(qemu), std::move(*daemon));
  const auto deadline = Clock::now() + 30s;
  while (!std::filesystem::exists(peer.folder_.file("libvirt-sock")) || !peer.run_virsh({"list"})) {
    if (interrupted())
      return Error{"interrupted"};
    if (peer.daemon_.wait(50ms) || Clock::now() >= deadline)
      return Error{"libvirtd does not answer: " + last_line(peer.folder_.file("daemon-errors"))};
  }
  /* Else the first guest would pay for libvirt's questions to QEMU. */
  if (auto result =
          peer.run_virsh({"domcapabilities", "--virttype", "kvm", "--emulatorbin", peer.qemu_});
      !result)
    return result.error();
  return peer;
}

void LibvirtPeer::describe(const std::string &image, const std::vector<unsigned> &cpus,
                           const LifeSigns &signs) const {
  std::string pins;
  for (std::size_t vcpu = 0; vcpu < cpus.size(); ++vcpu)
    pins += fmt::format("<vcpupin vcpu='{}' cpuset='{}'/>", vcpu, cpus[vcpu]);
  std::string options;
  for (const std::string &option : signs.options())
    options += fmt::format("<qemu:arg value='{}'/>", option);
  write_text(folder_.file("domain.xml"),
             fmt::format("<domain type='kvm' "
                         "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                         "<name>{}</name><memory unit='MiB'>16</memory><vcpu>{}</vcpu>"
                         "<cputune>{}</cputune>"
                         "<os><type arch='x86_64' machine='pc'>hvm</type>"
                         "<loader type='rom'>{}</loader></os>"
                         "<devices><emulator>{}</emulator>"
                         "<controller type='usb' model='none'/><memballoon model='none'/></devices>"
                         "<qemu:commandline>{}</qemu:commandline></domain>",
                         guest_name, cpus.size(), pins, std::filesystem::absolute(image).string(),
                         qemu_, options));
}

std::vector<std::string> LibvirtPeer::virsh(const std::vector<std::string> &arguments) const {
  std::vector<std::string> line = {"virsh", "--quiet", "-c",
                                   "qemu+unix:///system?socket=" + folder_.file("libvirt-sock")};
  line.insert(line.end(), arguments.begin(), arguments.end());
  return line;
}

Result<> LibvirtPeer::run_virsh(const std::vector<std::string> &arguments) const {
  const std::string errors = folder_.file("virsh-errors");
  auto program = Child::start({virsh(arguments), "", errors});
  if (!program)
    return program.error();
  if (program->wait(30s) == 0)
    return {};
  return Error{"virsh " + arguments[0] + ": " + last_line(errors)};
}

Result<Child> LibvirtPeer::create() const {
  return Child::start(
      {virsh({"create", folder_.file("domain.xml")}), "", folder_.file("virsh-errors")});
}

/* "NSpid:\t18726\t52" in its status: in our namespace first, in the innermost last. */
pid_t LibvirtPeer::their_id(pid_t thread) {
  std::istringstream status(read_text(fmt::format("/proc/{}/status", thread)));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("NSpid:"))
      return static_cast<pid_t>(strtol(line.c_str() + line.rfind('\t'), nullptr, 10));
  return 0;
}

Result<> LibvirtPeer::destroy() const {
  return run_virsh({"destroy", guest_name});
}

} // namespace bench
