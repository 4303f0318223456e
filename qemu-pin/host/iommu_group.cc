/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/iommu_group.h"

#include "base/printable.h"
#include "base/words.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qemu_pin {

namespace {

const std::string pci_devices = "/sys/bus/pci/devices/";
const std::string iommu_groups = "/sys/kernel/iommu_groups";

/* The last part of what a link points to; "" without a link. The link is not followed: in a
 * captured host it may point out of it. */
std::string link_name(const Host &host, const std::string &link) {
  std::error_code error;
  return std::filesystem::read_symlink(host.path(link), error).filename().string();
}

/* Bridges stay with the host. */
bool is_bridge(const Host &host, const std::string &device) {
  return host.line_of(pci_devices + device + "/class").starts_with("0x06");
}

HostFact iommu_off() {
  return {"iommu", Mark::note, "off: there are no groups",
          "no device can be passed through: enable it in the firmware and by intel_iommu=on"};
}

HostFact group_fact(const Host &host, const std::string &device, const std::string &group) {
  std::vector<std::string> members, others;
  for (const std::string &member : host.names_in(iommu_groups + "/" + group + "/devices")) {
    const std::string driver = link_name(host, pci_devices + member + "/driver");
    members.push_back(printable(member) +
                      fmt::format(" ({})", driver.empty() ? "no driver" : printable(driver)));
    if (member != device && !is_bridge(host, member) && driver != "vfio-pci")
      others.push_back(printable(member));
  }
  const std::string value = fmt::format("group {}: {}", printable(group), fmt::join(members, ", "));
  if (members.empty())
    return {"iommu", Mark::unknown, value + "members not known", ""};
  if (others.empty())
    return {"iommu", Mark::ok, value, ""};
  return {"iommu", Mark::note, value,
          fmt::format("{} must be given to vfio-pci too", fmt::join(others, ", "))};
}

} // namespace

Result<HostFact> iommu_fact(const Host &host, const std::string &device) {
  const std::vector<std::string> all = host.names_in(iommu_groups);
  if (device.empty()) {
    if (!all.empty())
      return HostFact{"iommu", Mark::ok, "on: " + counted(all.size(), "group"), ""};
    return host.names_in("/sys/kernel").empty() ? unknown_fact("iommu") : iommu_off();
  }
  const std::string address =
      std::count(device.begin(), device.end(), ':') == 1 ? "0000:" + device : device;
  const std::vector<std::string> present = host.names_in(pci_devices);
  if (std::find(present.begin(), present.end(), address) == present.end())
    return Error{"there is no PCI device " + printable(device)};
  const std::string group = link_name(host, pci_devices + address + "/iommu_group");
  if (group.empty())
    return all.empty() ? iommu_off()
                       : HostFact{"iommu", Mark::note, address + " is in no group",
                                  "it cannot be passed through"};
  return group_fact(host, address, group);
}

} // namespace qemu_pin
