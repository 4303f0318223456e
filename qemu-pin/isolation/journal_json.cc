/*
 * The journal's JSON: docs/journal.schema.json.
 *
 * It is written before each step, so not by way of a tree of values: that takes ten times as
 * long as the system's calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"
#include "isolation/journal.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <variant>

namespace qemu_pin {

using nlohmann::ordered_json;

namespace {

constexpr std::array states = {"isolating", "isolated", "restoring"};
constexpr std::array wants = {"without", "with", "value"};
constexpr std::array formats = {"text", "list", "mask"};

template <typename Enum, std::size_t N>
Enum named(const std::array<const char *, N> &names, const ordered_json &name) {
  const auto found = std::find(names.begin(), names.end(), name.get<std::string>());
  if (found == names.end())
    throw std::invalid_argument(json_line(name) + " is not known");
  return static_cast<Enum>(found - names.begin());
}

template <typename Enum, std::size_t N>
std::string name_of(const std::array<const char *, N> &names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

/* Line by line, as the library's dump(1). In a list a value's key is "". */
class JsonLines {
public:
  void open(std::string_view key, char bracket) {
    next(key);
    text_ += bracket;
    ++depth_;
    is_first_ = true;
  }

  void close(char bracket) {
    --depth_;
    if (!is_first_)
      break_line();
    text_ += bracket;
    is_first_ = false;
  }

  void add(std::string_view key, const std::string &value) {
    next(key);
    quote(value);
  }

  void add(std::string_view key, std::uint64_t value) {
    next(key);
    text_ += std::to_string(value);
  }

  void add(std::string_view key, const std::vector<std::string> &values) {
    open(key, '[');
    for (const std::string &value : values)
      add("", value);
    close(']');
  }

  const std::string &text() const { return text_; }

private:
  void next(std::string_view key) {
    if (!is_first_)
      text_ += ',';
    if (depth_)
      break_line();
    if (!key.empty()) {
      quote(key);
      text_ += ": ";
    }
    is_first_ = false;
  }

  void break_line() { text_.append(1, '\n').append(depth_, ' '); }

  static bool is_plain(char letter) {
    return letter >= ' ' && letter <= '~' && letter != '"' && letter != '\\';
  }

  /* Throws on what is not UTF-8. */
  void quote(std::string_view value) {
    const std::size_t begin = text_.size();
    text_ += '"';
    for (std::string_view rest = value; !rest.empty();) {
      const auto end = std::find_if_not(rest.begin(), rest.end(), is_plain);
      text_.append(rest.begin(), end);
      rest = {end, rest.end()};
      if (rest.starts_with('\n')) {
        text_ += "\\n";
        rest.remove_prefix(1);
      } else if (!rest.empty()) {
        text_.resize(begin);
        text_ += json_line(ordered_json(value));
        return;
      }
    }
    text_ += '"';
  }

  std::string text_;
  std::size_t depth_ = 0;
  bool is_first_ = true;
};

void add(JsonLines &json, const SettingChange &change) {
  json.add(setting_kind(change.setting), setting_name(change.setting));
  json.add("format", name_of(formats, change.format));
  if (!change.means.empty())
    json.add("means", change.means);
  json.add("before", change.before);
  json.add("now", change.now);
  json.open("claims", '[');
  for (const Claim &claim : change.claims) {
    json.open("", '{');
    json.add("by", claim.by.list());
    json.add(name_of(wants, claim.want), claim.operand);
    json.close('}');
  }
  json.close(']');
}

void add(JsonLines &json, const GroupChange &change) {
  json.add("group", change.folder);
  json.add("home", change.home);
  json.add("members", change.members);
  json.open("by", '[');
  for (const IsolationId &id : change.by)
    json.add("", id.list());
  json.close(']');
}

void add(JsonLines &json, const MoveChange &change) {
  json.add("process", static_cast<std::uint64_t>(change.process.id));
  json.add("start_time", change.process.start_time);
  json.add("from", change.from);
  json.add("to", change.to);
  json.add("by", change.by.list());
}

void add(JsonLines &json, const RemovalChange &change) {
  json.add("removed", change.folder);
  json.open("values", '{');
  for (const auto &[file, value] : change.values)
    json.add(file, value);
  json.close('}');
  json.add("by", change.by.list());
}

void add(JsonLines &json, const Isolation &isolation) {
  json.open("", '{');
  json.add("cpus", isolation.id.list());
  json.add("state", name_of(states, isolation.state));
  json.add("process", static_cast<std::uint64_t>(isolation.process));
  json.add("command", isolation.command);
  json.add("time", isolation.time);
  json.add("group", isolation.group);
  json.add("steps", isolation.steps);
  json.close('}');
}

template <typename Value> Value read(Result<Value> value) {
  if (!value)
    throw std::invalid_argument(value.error().message);
  return std::move(*value);
}

IsolationId id_from(const ordered_json &json) {
  return read(IsolationId::read(json));
}

Setting setting_from(const ordered_json &json) {
  for (const char *kind :
       {FileSetting::kind, ThreadSetting::kind, UnitSetting::kind, IrqbalanceSetting::kind})
    if (json.contains(kind))
      return read(setting_named(kind, json.at(kind)));
  throw std::invalid_argument("a change is of nothing");
}

Claim claim_from(const ordered_json &json) {
  for (std::size_t want = 0; want < wants.size(); ++want)
    if (json.contains(wants[want]))
      return {id_from(json.at("by")), static_cast<Claim::Want>(want), json.at(wants[want])};
  throw std::invalid_argument("a claim wants nothing");
}

HostChange change_from(const ordered_json &json) {
  HostChange change{json.at("step"), {}};
  if (json.contains("group")) {
    GroupChange group{json.at("group"), json.at("home"), json.at("members"), {}};
    for (const ordered_json &id : json.at("by"))
      group.by.push_back(id_from(id));
    change.what = std::move(group);
    return change;
  }
  if (json.contains("process")) {
    change.what = MoveChange{{json.at("process"), json.at("start_time")},
                             json.at("from"),
                             json.at("to"),
                             id_from(json.at("by"))};
    return change;
  }
  if (json.contains("removed")) {
    RemovalChange removal{json.at("removed"), {}, id_from(json.at("by"))};
    for (const auto &[file, value] : json.at("values").items())
      removal.values.emplace_back(file, value);
    change.what = std::move(removal);
    return change;
  }
  SettingChange setting;
  setting.setting = setting_from(json);
  setting.format = named<ValueFormat>(formats, json.at("format"));
  setting.means = json.value("means", "");
  setting.before = json.at("before");
  setting.now = json.at("now");
  for (const ordered_json &claim : json.at("claims"))
    setting.claims.push_back(claim_from(claim));
  change.what = std::move(setting);
  return change;
}

} // namespace

std::string to_json(const JournalContent &content, const std::string &boot) {
  JsonLines json;
  json.open("", '{');
  json.add("qemu-pin-journal", 1);
  json.add("boot", boot);
  json.open("isolations", '[');
  for (const Isolation &isolation : content.isolations)
    add(json, isolation);
  json.close(']');
  json.open("changes", '[');
  for (const HostChange &change : content.changes) {
    json.open("", '{');
    json.add("step", change.step);
    std::visit([&](const auto &what) { add(json, what); }, change.what);
    json.close('}');
  }
  json.close(']');
  json.close('}');
  return json.text() + "\n";
}

Result<JournalContent> journal_from_json(const std::string &text, const std::string &boot) {
  try {
    const ordered_json json = parse_ordered_json(text);
    if (!json.is_object() || !json.contains("qemu-pin-journal"))
      return Error{"this is no journal of qemu-pin's"};
    if (json.at("qemu-pin-journal") != 1)
      return Error{"it is a journal of version " + json_line(json.at("qemu-pin-journal")) +
                   ", and this qemu-pin knows version 1"};
    if (json.at("boot") != boot)
      return Error{"it is from before this host was started: nothing of it is in force"};
    JournalContent content;
    for (const ordered_json &one : json.at("isolations"))
      content.isolations.push_back(
          {id_from(one.at("cpus")), named<Isolation::State>(states, one.at("state")),
           one.at("process"), one.at("command"), one.at("time"), one.at("group"),
           one.at("steps").get<std::vector<std::string>>()});
    for (const ordered_json &one : json.at("changes"))
      content.changes.push_back(change_from(one));
    return content;
  } catch (const std::exception &error) {
    return Error{std::string("this is no journal of qemu-pin's: ") + error.what()};
  }
}

} // namespace qemu_pin
