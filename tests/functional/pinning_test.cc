/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pinning_test.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <sched.h>
#include <sstream>
#include <thread>

using qemu_pin::Procfs;

namespace {

/* "QEMU emulator version 7.2.22 (Debian ...)" as "qemu_7_2_22". */
std::string version_name(const std::string &qemu) {
  auto folder = TempDir::make();
  if (!folder)
    return "qemu";
  auto child = Child::start({{qemu, "--version"}, folder->file("version"), ""});
  if (!child || child->wait() != 0)
    return "qemu_that_does_not_start";
  const std::string text = read_text(folder->file("version"));
  const std::string before = "version ";
  std::size_t at = text.find(before);
  if (at == std::string::npos)
    return "qemu";
  std::string version = text.substr(at + before.size());
  version = version.substr(0, version.find_first_not_of("0123456789."));
  std::replace(version.begin(), version.end(), '.', '_');
  return "qemu_" + version;
}

std::string accelerator_name(const std::string &accelerator) {
  const std::size_t thread = accelerator.find(",thread=");
  return thread == std::string::npos ? accelerator : "tcg_" + accelerator.substr(thread + 8);
}

std::string list_of_two(unsigned a, unsigned b) {
  return std::to_string(a) + (b == a + 1 ? "-" : ",") + std::to_string(b);
}

} // namespace

const std::vector<std::string> none;

std::string without_cpu_warnings(const std::string &text) {
  std::istringstream lines(text);
  std::string rest;
  for (std::string line; std::getline(lines, line);)
    if (line.find("host doesn't support requested feature") == std::string::npos &&
        line.find("exceeds the recommended cpus supported by KVM") == std::string::npos)
      rest += line + "\n";
  return rest;
}

std::ostream &operator<<(std::ostream &out, const Machine &machine) {
  return out << machine.qemu << " -accel " << machine.accelerator;
}

std::string machine_name(const testing::TestParamInfo<Machine> &machine) {
  return machine.param.name;
}

std::vector<Machine> machines(const std::vector<std::string> &accelerators) {
  const char *named = getenv("QEMU_PINNING_BINARIES");
  std::istringstream paths(named ? named : "");
  std::vector<Machine> all;
  std::map<std::string, int> seen;
  for (std::string path; std::getline(paths, path, ':');) {
    if (path.empty())
      continue;
    std::error_code error;
    std::filesystem::path real = std::filesystem::canonical(path, error);
    std::string version = version_name(error ? path : real.native());
    if (int same = seen[version]++)
      version += "_again_" + std::to_string(same);
    for (const std::string &accelerator : accelerators)
      all.push_back({error ? path : real.native(), version + "_" + accelerator_name(accelerator),
                     accelerator});
  }
  if (all.empty())
    all.push_back({"", "no_qemu", ""});
  return all;
}

void QemuTest::SetUp() {
  if (GetParam().qemu.empty())
    GTEST_SKIP() << "QEMU_PINNING_BINARIES names no QEMU";
  if (GetParam().accelerator == "kvm")
    if (auto reason = why_no_kvm())
      GTEST_SKIP() << "no KVM: " << *reason;
}

void PinningTest::SetUp() {
  QemuTest::SetUp();
  if (IsSkipped())
    return;
  auto cpus = usable_cpus();
  ASSERT_TRUE(cpus) << cpus.error().message;
  if (cpus->size() < 2)
    GTEST_SKIP() << "two host CPUs are needed, and only one may be used here";
  usable = *cpus;
  a = std::to_string(usable[0]);
  b = std::to_string(usable[1]);
  both = list_of_two(usable[0], usable[1]);
  start = (*Procfs().allowed_cpus(getpid(), gettid()))->list;
}

GuestSpec PinningTest::spec(const std::vector<std::string> &more) const {
  return {GetParam().qemu, GetParam().accelerator, GUEST_IMAGE, "2", more};
}

GuestSpec PinningTest::pinned(const Pins &pins) const {
  GuestSpec spec = this->spec();
  for (const auto &[vcpu, list] : pins) {
    spec.more.emplace_back("-vcpu");
    spec.more.push_back(std::to_string(vcpu) + ",affinity=" + list);
  }
  return spec;
}

GuestSpec PinningTest::with(GuestSpec spec, const std::vector<std::string> &more) {
  spec.more.insert(spec.more.end(), more.begin(), more.end());
  return spec;
}

GuestSpec PinningTest::everything() const {
  return spec({"-name", "debug-threads=on", "-emulatorpin", "affinity=" + a + ",sched=batch",
               "-object", "iothread,id=io0", "-object", "iothread,id=io1", "-iothreadpin",
               "io0,affinity=" + b + ",sched=rr,priority=5", "-vcpu",
               "0,affinity=" + b + ",sched=fifo,priority=1", "-vcpu", "1,affinity=" + a});
}

Asked PinningTest::everything_asked() const {
  return {{{0, {b, "fifo 1"}}, {1, {a}}}, {a, "batch"}, {{"io0", {b, "rr 5"}}}};
}

bool PinningTest::may_be_fifo() {
  bool may = false;
  std::thread([&may] {
    sched_param one{};
    one.sched_priority = 1;
    may = sched_setscheduler(0, SCHED_FIFO, &one) == 0;
  }).join();
  return may;
}

std::string PinningTest::hmp(Guest &guest, const std::string &line) {
  auto printed = guest.monitor().execute("human-monitor-command", {{"command-line", line}});
  return printed ? printed->get<std::string>() : printed.error().message;
}

std::string PinningTest::execute(Guest &guest, const std::string &command,
                                 const nlohmann::json &arguments) {
  auto answer = guest.monitor().execute(command, arguments);
  return answer ? "" : answer.error().message;
}

std::vector<std::string> PinningTest::disks(const TempDir &files) {
  std::vector<std::string> options = {"-name", "debug-threads=on"};
  for (const char *name : {"main", "io0"}) {
    write_text(files.file(name), std::string(65536, 'x'));
    options.emplace_back("-blockdev");
    options.push_back(std::string("driver=file,aio=threads,node-name=") + name +
                      ",filename=" + files.file(name));
  }
  return options;
}

void PinningTest::serve_disks(Guest &guest, const TempDir &files) {
  EXPECT_EQ(execute(guest, "nbd-server-start",
                    {{"addr", {{"type", "unix"}, {"data", {{"path", files.file("nbd")}}}}}}),
            "");
  for (const char *name : {"main", "io0"}) {
    nlohmann::json served = {{"id", name}, {"type", "nbd"}, {"node-name", name}};
    if (name == std::string("io0"))
      served["iothread"] = name;
    EXPECT_EQ(execute(guest, "block-export-add", served), "");
  }
}

bool PinningTest::comes_to(Guest &guest, const char *command, const std::string &status) {
  return comes_true([&] {
    auto answer = guest.monitor().execute(command);
    return answer && answer->contains("status") && (*answer)["status"] == status;
  });
}

Child PinningTest::reader(Guest &guest, const TempDir &files, const std::string &name) {
  const std::size_t before = count_threads(guest, "worker");
  const std::string tool =
      std::filesystem::path(GetParam().qemu).parent_path().native() + "/qemu-io";
  auto reader = Child::start({{tool, "-r", "-f", "raw", "-c", "read 0 4096", "-c", "sleep 60000",
                               "nbd+unix:///" + name + "?socket=" + files.file("nbd")},
                              "",
                              files.file("reader")});
  EXPECT_TRUE(comes_true([&] { return count_threads(guest, "worker") > before; }))
      << read_text(files.file("reader"));
  return reader ? std::move(*reader) : Child::adopt(-1);
}

std::size_t PinningTest::count_threads(Guest &guest, const std::string &name) {
  const std::vector<std::string> names = thread_names(guest.pid());
  return static_cast<std::size_t>(std::count(names.begin(), names.end(), name));
}

void PinningTestWithFiles::SetUp() {
  PinningTest::SetUp();
  if (IsSkipped())
    return;
  auto files = TempDir::make();
  ASSERT_TRUE(files);
  files_.emplace(std::move(*files));
}

GuestSpec PinningTestWithFiles::with_snapshots(const GuestSpec &spec) const {
  const std::string disk = files_->file("disk"), errors = files_->file("errors");
  const std::string tool =
      std::filesystem::path(GetParam().qemu).parent_path().native() + "/qemu-img";
  auto maker = Child::start({{tool, "create", "-q", "-f", "qcow2", disk, "64M"}, "", errors});
  if (!maker)
    ADD_FAILURE() << maker.error().message;
  else if (maker->wait() != 0)
    ADD_FAILURE() << read_text(errors);
  return with(spec, {"-drive", "if=none,id=disk,format=qcow2,file=" + disk});
}

std::optional<Guest> PinningTest::started(const GuestSpec &spec) {
  auto guest = Guest::start(spec);
  if (!guest) {
    ADD_FAILURE() << guest.error().message;
    return std::nullopt;
  }
  return std::optional(std::move(*guest));
}

std::optional<Guest> PinningTest::running(const GuestSpec &spec, std::size_t vcpus) {
  auto guest = started(spec);
  if (guest && !guest->wait_reported(vcpus)) {
    ADD_FAILURE() << "guest code runs on " << guest->reported().size()
                  << " vCPUs: " << guest->errors();
    return std::nullopt;
  }
  return guest;
}

void PinningTest::expect_refused(const GuestSpec &spec, const std::string &error) {
  auto outcome = Guest::run(spec);
  ASSERT_TRUE(outcome) << outcome.error().message;
  const std::string errors = without_cpu_warnings(outcome->errors);
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
  /* QEMU leads in with the name it was started by. */
  EXPECT_TRUE(
      errors.starts_with(std::filesystem::path(spec.qemu).filename().native() + ":" + error))
      << errors << "does not begin with" << error;
  EXPECT_EQ(outcome->status, 1) << error;
  EXPECT_EQ(outcome->reported, "") << error;
}

PinningTest::Masks PinningTest::masks(pid_t qemu, const std::map<unsigned, pid_t> &threads) {
  Masks masks;
  for (const auto &[vcpu, thread] : threads) {
    auto allowed = Procfs().allowed_cpus(qemu, thread);
    masks[vcpu] = !allowed ? allowed.error().message : *allowed ? (*allowed)->list : "thread ended";
  }
  return masks;
}

PinningTest::Masks PinningTest::masks(Guest &guest) {
  auto threads = guest.vcpu_threads();
  if (!threads) {
    ADD_FAILURE() << threads.error().message << guest.errors();
    return {};
  }
  return masks(guest.pid(), *threads);
}

std::vector<std::string> PinningTest::strays(Guest &guest, const std::string &expected) {
  std::vector<std::string> strays;
  auto vcpus = guest.vcpu_threads();
  auto threads = Procfs().thread_ids(guest.pid());
  if (!vcpus || !threads)
    return {"QEMU has ended: " + guest.errors()};
  for (pid_t thread : *threads) {
    if (std::any_of(vcpus->begin(), vcpus->end(),
                    [&](auto &vcpu) { return vcpu.second == thread; }))
      continue;
    auto allowed = Procfs().allowed_cpus(guest.pid(), thread);
    auto stat = Procfs().stat(guest.pid(), thread);
    if (allowed && *allowed && stat && *stat && (*allowed)->list != expected)
      strays.push_back((*stat)->name + ": " + (*allowed)->list);
  }
  return strays;
}

INSTANTIATE_TEST_SUITE_P(
    Pinning, VcpuPinning,
    testing::ValuesIn(machines({"kvm", "tcg,thread=multi", "tcg,thread=single"})), machine_name);
INSTANTIATE_TEST_SUITE_P(Pinning, VcpuThreads,
                         testing::ValuesIn(machines({"kvm", "tcg,thread=multi"})), machine_name);
INSTANTIATE_TEST_SUITE_P(Pinning, KvmVcpus, testing::ValuesIn(machines({"kvm"})), machine_name);
INSTANTIATE_TEST_SUITE_P(Pinning, SharedThread, testing::ValuesIn(machines({"tcg,thread=single"})),
                         machine_name);
