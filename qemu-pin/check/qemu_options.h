/*
 * QEMU's options, as far as they are about vCPUs, their pins, and where memory comes from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_QEMU_OPTIONS_H
#define QEMU_PIN_QEMU_OPTIONS_H

#include "check/guest_description.h"
#include "check/numa_options.h"
#include "check/smp_option.h"
#include "pins/asked_pins.h"

#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

class QemuOptions {
public:
  /* read_file: for -readconfig. */
  explicit QemuOptions(const ReadFile &read_file) : read_file_(read_file) {}

  /* Options, without the program's name. May be called again: later options are added to, or
   * replace, those of before, as on one command line. Never fails: see errors(). */
  void read(const std::vector<std::string> &options);

  /* -smp and -machine smp.*; what is added before read() may be replaced by it. */
  SmpOption &smp() { return smp_; }
  /* Whether read() found any of them. */
  bool has_smp() const { return !smp_said_.empty(); }
  /* The vCPUs, or why QEMU refuses the numbers, led by the options. */
  Result<SmpCounts> counts() const;

  const NumaOptions &numa() const { return numa_; }
  const AskedPins &pins() const { return pins_.pins(); }
  const std::vector<std::string> &iothreads() const { return iothreads_; }

  bool has_cpu() const { return cpu_.has_value(); }
  /* Fills cpu_model and topoext; an error is added for what QEMU refuses. */
  void describe_cpu(GuestDescription &guest) const;

  const std::vector<std::string> &errors() const { return errors_; }
  const std::vector<std::string> &notes() const { return notes_; }
  /* vcpus, any_vcpu, emulator, iothreads and topology are filled. */
  const Unread &unread() const { return unread_; }

private:
  void take(const std::string &option, const std::string &value);
  void wrong(const std::string &said, const std::string &why);
  void add_smp(const std::string &said, const std::vector<OptionPiece> &pieces);
  void machine(const std::string &said, const std::vector<OptionPiece> &pieces);
  void numa(const std::string &said, const std::vector<OptionPiece> &pieces);
  void object(const std::string &said, const std::vector<OptionPiece> &pieces);
  void object_json(const std::string &said, const std::string &value);
  void memory_backend(const std::string &said, const std::string &id, const Result<CpuSet> &nodes,
                      const std::string &policy);
  void iothread(const std::string &said, const std::string &id);
  void pin(const std::string &option, const std::string &value);
  void read_config(const std::string &path);

  const ReadFile &read_file_;
  SmpOption smp_;
  std::string smp_said_, machine_type_;
  std::optional<std::string> cpu_;
  NumaOptions numa_;
  PinRequests pins_;
  std::vector<std::string> iothreads_, errors_, notes_;
  Unread unread_;
};

} // namespace qemu_pin

#endif
