/*
 * The program's arguments: subcommands, and the options that each of them has. CLI11 reads
 * them; only command_line.cc includes it, because a file that does takes ten seconds to compile.
 *
 * Variables that options are read into, and the functions that are given, must outlive the
 * program's parse().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_COMMAND_LINE_H
#define QEMU_PIN_COMMAND_LINE_H

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace qemu_pin {

/* An option or argument of a command, borrowed from it. Each function changes it and gives
 * it back. */
class Option {
public:
  explicit Option(CLI::Option *option) : option_(option) {}

  /* What stands for its value in the help. */
  Option type_name(const std::string &name) const;
  /* The heading that it is listed under. */
  Option group(const std::string &heading) const;
  /* Another option of the same command, by name, that may not be given with it. */
  Option excludes(const std::string &other) const;
  /* The only values that it may have. */
  Option one_of(const std::vector<std::string> &values) const;
  /* Text with more than blanks in it. */
  Option not_empty() const;
  /* A number that is more than 0. */
  Option positive() const;
  /* A number from least to most. */
  Option range(unsigned least, unsigned most) const;
  /* Several values, with that between them. */
  Option delimiter(char mark) const;
  /* May be given again and again, with a value each time. */
  Option repeatable() const;
  /* The value may be left out; it is "" then. */
  Option optional_value() const;

private:
  CLI::Option *option_;
};

/* A subcommand, borrowed from its program. */
class Command {
public:
  explicit Command(CLI::App *app) : app_(app) {}

  /* An option that begins with a dash, or an argument. help may have several lines. */
  Option add_option(const std::string &name, std::string &value, const std::string &help) const;
  Option add_option(const std::string &name, unsigned &value, const std::string &help) const;
  Option add_option(const std::string &name, int &value, const std::string &help) const;
  Option add_option(const std::string &name, double &value, const std::string &help) const;
  Option add_option(const std::string &name, std::vector<std::string> &values,
                    const std::string &help) const;
  Option add_option(const std::string &name, std::function<void(const std::string &)> take,
                    const std::string &help) const;
  Option add_flag(const std::string &name, bool &value, const std::string &help) const;
  Option add_flag(const std::string &name, std::function<void()> take,
                  const std::string &help) const;
  /* A flag that may have a value after '='; "true" without one. */
  Option add_flag(const std::string &name, std::string &value, const std::string &help) const;

  /* Text below the options. */
  void footer(const std::string &text) const;
  /* Called when the arguments name this command and were all read. */
  void callback(std::function<void()> call) const;
  bool was_given(const std::string &option) const;

private:
  CLI::App *app_;
};

class Program {
public:
  /* tails: what follows the usage of some of its commands. */
  Program(const std::string &about, std::map<std::string, std::string> tails);
  ~Program();
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  Command add_subcommand(const std::string &name, const std::string &about);

  /* Reads the arguments and calls the command that they name. False with a message when they
   * cannot be read. Help and version are printed. */
  bool parse(int argc, char **argv, std::string &message);

private:
  std::unique_ptr<CLI::App> app_;
};

} // namespace qemu_pin

#endif
