/*
 * check reads domains as libvirt does: the same elements are given to both. libvirt's test
 * driver reads domains with the code of all its drivers, and needs no daemon.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "check/guest_description.h"
#include "libvirt_strings.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <pugixml.hpp>
#include <unistd.h>

using namespace qemu_pin;

namespace {

/* What a reader makes of a domain, in libvirt_strings' terms. */
struct Read {
  bool is_taken = false;
  unsigned present = 0, all = 0;
  std::string first_pin, iothreads;
};

Read read_by_check(const std::string &elements) {
  Read read;
  const auto guest = read_libvirt_domain("<domain>" + elements + "</domain>");
  if (!guest || !guest->errors.empty())
    return read;
  read.is_taken = true;
  read.all = guest->topology.cpus;
  read.present = read.all - static_cast<unsigned>(guest->absent.size());
  if (const auto pin = guest->vcpus.find(0); pin != guest->vcpus.end())
    read.first_pin = cpu_list(pin->second);
  read.iothreads = fmt::format("{}", fmt::join(guest->iothreads, " "));
  return read;
}

class LibvirtFile {
public:
  LibvirtFile() : path_(std::filesystem::temp_directory_path() / ("qemu-pin-XXXXXX")) {
    close(mkstemp(path_.data()));
  }
  ~LibvirtFile() { std::filesystem::remove(path_); }
  LibvirtFile(const LibvirtFile &) = delete;
  LibvirtFile &operator=(const LibvirtFile &) = delete;

  /* What virsh prints of the domain: its XML, or an error. */
  std::string virsh(const std::string &elements) const {
    std::ofstream(path_) << "<domain type='test'><name>a</name><memory>65536</memory><os>"
                            "<type>hvm</type></os>"
                         << elements << "</domain>";
    const std::string command =
        "virsh -q -c test:///default 'define " + path_ + "; dumpxml --inactive a' 2>/dev/null";
    FILE *pipe = popen(command.c_str(), "r");
    std::string output;
    std::array<char, 4096> piece;
    for (std::size_t size; pipe && (size = fread(piece.data(), 1, piece.size(), pipe)) > 0;)
      output.append(piece.data(), size);
    if (pipe)
      pclose(pipe);
    return output;
  }

private:
  std::string path_;
};

Read read_by_libvirt(const LibvirtFile &file, const std::string &elements) {
  const std::string output = file.virsh(elements);
  pugi::xml_document document;
  const std::size_t start = output.find("<domain");
  Read read;
  if (start == std::string::npos || !document.load_string(output.c_str() + start))
    return read;
  const pugi::xml_node domain = document.child("domain");
  const pugi::xml_node vcpu = domain.child("vcpu");
  read.is_taken = true;
  read.all = vcpu.text().as_uint();
  read.present = vcpu.attribute("current").as_uint(read.all);
  for (pugi::xml_node pin : domain.child("cputune").children("vcpupin"))
    if (pin.attribute("vcpu").as_uint() == 0)
      read.first_pin = pin.attribute("cpuset").value();
  for (pugi::xml_node iothread : domain.child("iothreadids").children("iothread"))
    read.iothreads +=
        (read.iothreads.empty() ? "" : " ") + std::string(iothread.attribute("id").value());
  /* Ids that are as counted are not listed. */
  for (unsigned id = 1;
       !domain.child("iothreadids") && id <= domain.child("iothreads").text().as_uint(); ++id)
    read.iothreads += (id == 1 ? "" : " ") + std::to_string(id);
  return read;
}

void expect_read(const Read &read, const LibvirtString &string) {
  EXPECT_EQ(read.is_taken, string.is_taken) << string.elements;
  if (!string.is_taken || !read.is_taken)
    return;
  if (string.all) {
    EXPECT_EQ(read.present, string.present) << string.elements;
    EXPECT_EQ(read.all, string.all) << string.elements;
  }
  if (!string.first_pin.empty()) {
    EXPECT_EQ(read.first_pin, string.first_pin) << string.elements;
  }
  EXPECT_EQ(read.iothreads, string.iothreads) << string.elements;
}

TEST(ReadAsLibvirt, CheckTakesTheSame) {
  for (const LibvirtString &string : libvirt_strings)
    expect_read(read_by_check(string.elements), string);
}

TEST(ReadAsLibvirt, LibvirtTakesTheSame) {
  if (std::system("command -v virsh >/dev/null") != 0)
    GTEST_SKIP() << "virsh is not installed (Debian's package libvirt-clients)";
  const LibvirtFile file;
  if (!read_by_libvirt(file, "").is_taken)
    GTEST_SKIP() << "libvirt's test driver does not work here";
  for (const LibvirtString &string : libvirt_strings)
    expect_read(read_by_libvirt(file, string.elements), string);
}

} // namespace
