/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/command_line.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

namespace qemu_pin {

namespace {

/* Help without what CLI11 adds to each option: what excludes it, its values. */
class HelpFormatter : public CLI::Formatter {
public:
  explicit HelpFormatter(std::map<std::string, std::string> tails) : tails_(std::move(tails)) {
    column_width(28);
  }

  std::string make_option_opts(const CLI::Option *option) const override {
    return option->get_type_size() ? " " + option->get_type_name() : "";
  }

  std::string make_usage(const CLI::App *app, std::string name) const override {
    std::string usage = Formatter::make_usage(app, name);
    const auto tail = tails_.find(app->get_name());
    if (tail != tails_.end())
      usage.insert(usage.find_last_not_of('\n') + 1, tail->second);
    return usage;
  }

private:
  std::map<std::string, std::string> tails_;
};

} // namespace

Option Option::type_name(const std::string &name) const {
  option_->type_name(name);
  return *this;
}

Option Option::group(const std::string &heading) const {
  option_->group(heading);
  return *this;
}

Option Option::excludes(const std::string &other) const {
  option_->excludes(other);
  return *this;
}

Option Option::one_of(const std::vector<std::string> &values) const {
  option_->check(CLI::IsMember(values).description(""));
  return *this;
}

Option Option::not_empty() const {
  option_->check(CLI::Validator(
      [](const std::string &value) {
        return value.find_first_not_of(" \t\n") == std::string::npos ? "it is empty" : "";
      },
      ""));
  return *this;
}

Option Option::positive() const {
  option_->check(
      [](const std::string &text) {
        double number = 0;
        const bool is_number = CLI::detail::lexical_cast(text, number) && std::isfinite(number);
        return is_number && number > 0 ? "" : "'" + text + "' is not a number above 0";
      },
      "");
  return *this;
}

Option Option::range(unsigned least, unsigned most) const {
  option_->check(CLI::Range(least, most).description(""));
  return *this;
}

Option Option::delimiter(char mark) const {
  option_->delimiter(mark);
  return *this;
}

Option Option::repeatable() const {
  option_->expected(1)->take_all();
  return *this;
}

Option Option::optional_value() const {
  option_->expected(0, 1);
  return *this;
}

Option Command::add_option(const std::string &name, std::string &value,
                           const std::string &help) const {
  return Option(app_->add_option(name, value, help));
}

Option Command::add_option(const std::string &name, unsigned &value,
                           const std::string &help) const {
  return Option(app_->add_option(name, value, help));
}

Option Command::add_option(const std::string &name, int &value, const std::string &help) const {
  return Option(app_->add_option(name, value, help));
}

Option Command::add_option(const std::string &name, double &value, const std::string &help) const {
  return Option(app_->add_option(name, value, help));
}

Option Command::add_option(const std::string &name, std::vector<std::string> &values,
                           const std::string &help) const {
  return Option(app_->add_option(name, values, help));
}

Option Command::add_option(const std::string &name, std::function<void(const std::string &)> take,
                           const std::string &help) const {
  return Option(app_->add_option_function<std::string>(name, take, help));
}

Option Command::add_flag(const std::string &name, bool &value, const std::string &help) const {
  return Option(app_->add_flag(name, value, help));
}

Option Command::add_flag(const std::string &name, std::function<void()> take,
                         const std::string &help) const {
  return Option(app_->add_flag_callback(name, std::move(take), help));
}

Option Command::add_flag(const std::string &name, std::string &value,
                         const std::string &help) const {
  return Option(app_->add_flag(name, value, help));
}

void Command::footer(const std::string &text) const {
  app_->footer(text);
}

void Command::callback(std::function<void()> call) const {
  app_->callback(std::move(call));
}

bool Command::was_given(const std::string &option) const {
  return app_->count(option) > 0;
}

Program::Program(const std::string &about, std::map<std::string, std::string> tails)
    : app_(std::make_unique<CLI::App>(about)) {
  app_->name("qemu-pin");
  app_->formatter(std::make_shared<HelpFormatter>(std::move(tails)));
  app_->set_help_flag("-h,--help", "Print this text and exit");
  app_->set_version_flag("--version", "qemu-pin " QEMU_PIN_VERSION);
  app_->require_subcommand(1);
  app_->footer("See qemu-pin(1), or qemu-pin SUBCOMMAND --help.");
}

Program::~Program() = default;

Command Program::add_subcommand(const std::string &name, const std::string &about) {
  return Command(app_->add_subcommand(name, about));
}

bool Program::parse(int argc, char **argv, std::string &message) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    std::fputs(app_->help().c_str(), stdout);
  } catch (const CLI::CallForVersion &version) {
    std::fprintf(stdout, "%s\n", version.what());
  } catch (const CLI::Error &error) {
    message = error.what();
    return false;
  }
  return true;
}

} // namespace qemu_pin
