/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu_pin_program.h"

#include "kernel/procfs.h"

#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <sstream>

namespace {

/* "qemu_7_2_22": of the folder that the build script installs to. */
std::string patched_name(const std::string &path) {
  std::string name =
      std::filesystem::path(path).parent_path().parent_path().parent_path().filename();
  for (char &c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)))
      c = '_';
  return "patched_" + name;
}

void add(std::vector<Qemu> &found, const std::string &path, const std::string &name, bool patched) {
  found.push_back({path, name + "_kvm", "kvm", patched});
  found.push_back({path, name + "_tcg", "tcg,thread=multi", patched});
}

} // namespace

std::ostream &operator<<(std::ostream &out, const Qemu &qemu) {
  return out << qemu.path << " -accel " << qemu.accelerator;
}

Ended run_program(const std::vector<std::string> &argv) {
  auto folder = TempDir::make();
  if (!folder)
    return {-1, "", folder.error().message};
  auto child = Child::start({argv, folder->file("output"), folder->file("errors")});
  if (!child)
    return {-1, "", child.error().message};
  auto status = child->wait();
  return {status.value_or(-1), read_text(folder->file("output")),
          read_text(folder->file("errors"))};
}

Ended qemu_pin_program(const std::vector<std::string> &arguments) {
  std::vector<std::string> argv = {QEMU_PIN};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_program(argv);
}

std::vector<Qemu> stock_qemus() {
  std::vector<Qemu> found;
  const char *const stock = "/usr/bin/qemu-system-x86_64";
  add(found, std::filesystem::exists(stock) ? stock : "", "stock", false);
  return found;
}

std::vector<Qemu> patched_qemus() {
  std::vector<Qemu> found;
  const char *named = std::getenv("QEMU_PINNING_BINARIES");
  std::stringstream paths(named ? named : "");
  for (std::string path; std::getline(paths, path, ':');) {
    const std::string real = std::filesystem::canonical(path);
    add(found, real, patched_name(real), true);
  }
  if (found.empty())
    add(found, "", "patched", true);
  return found;
}

std::vector<Qemu> qemus() {
  std::vector<Qemu> found = stock_qemus();
  for (Qemu &qemu : patched_qemus())
    found.push_back(std::move(qemu));
  return found;
}

std::vector<Qemu> with_accelerator(std::vector<Qemu> qemus, const std::string &accelerator) {
  std::erase_if(qemus,
                [&](const Qemu &qemu) { return !qemu.accelerator.starts_with(accelerator); });
  return qemus;
}

std::string qemu_name(const testing::TestParamInfo<Qemu> &qemu) {
  return qemu.param.name;
}

void MachineTest::SetUp() {
  if (GetParam().path.empty())
    GTEST_SKIP() << (GetParam().patched ? "QEMU_PINNING_BINARIES names no patched QEMU"
                                        : "the distribution's qemu-system-x86 is not installed");
  if (GetParam().accelerator == "kvm")
    if (auto why = why_no_kvm())
      GTEST_SKIP() << *why;
  auto cpus = usable_cpus();
  ASSERT_TRUE(cpus) << cpus.error().message;
  if (cpus->size() < 2)
    GTEST_SKIP() << "needs two host CPUs";
  a = std::to_string((*cpus)[0]);
  b = std::to_string((*cpus)[1]);
  start = (*qemu_pin::Procfs().allowed_cpus(getpid(), gettid()))->list;
  auto folder = TempDir::make();
  ASSERT_TRUE(folder) << folder.error().message;
  files = std::move(*folder);
}

GuestSpec MachineTest::spec(const std::vector<std::string> &more) const {
  return {GetParam().path, GetParam().accelerator, GUEST_IMAGE, "2", more};
}

std::optional<Guest> MachineTest::started(const GuestSpec &spec) {
  auto guest = Guest::start(spec);
  if (!guest) {
    ADD_FAILURE() << guest.error().message;
    return std::nullopt;
  }
  if (!guest->wait_reported(2)) {
    ADD_FAILURE() << "guest code does not run: " << guest->errors();
    return std::nullopt;
  }
  return std::move(*guest);
}

std::vector<std::string> MachineTest::monitor_option() const {
  return {"-qmp", "unix:" + monitor_socket() + ",server=on,wait=off"};
}
