/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/shell_words.h"

#include <algorithm>
#include <map>

namespace qemu_pin {

namespace {

using Words = std::vector<std::string>;

constexpr std::size_t most_growth = 1U << 20; /* bytes; no command line is longer */
constexpr std::size_t most_unknown = 16;      /* people need not be told of more */

bool is_name(const std::string &text) {
  return !text.empty() && (text[0] < '0' || text[0] > '9') &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_';
         });
}

bool is_keyword(const std::string &word) {
  for (const char *keyword : {"if", "then", "else", "elif", "fi", "do", "done", "while", "until",
                              "!", "{", "}", "export", "local", "declare", "readonly"})
    if (word == keyword)
      return true;
  return false;
}

class ShellReader {
public:
  explicit ShellReader(const std::string &text) : text_(text) {}

  ShellText read() {
    while (at_ < text_.size())
      step();
    end_command();
    return std::move(shell_);
  }

private:
  char now() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }

  void step() {
    const char c = now();
    if (c == '\\') {
      ++at_;
      if (now() == '\r' && next() == '\n')
        ++at_;
      if (now() != '\n' && at_ < text_.size())
        add(now());
      ++at_;
    } else if (c == '\'') {
      quote_single();
    } else if (c == '"') {
      quote_double();
    } else if (c == '$' || c == '`') {
      expand(false);
    } else if (c == '#' && !in_word_) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && in_array_)) {
      end_word();
      ++at_;
    } else if (c == '(' && in_word_ && word_.ends_with("=")) {
      ++at_;
      begin_array();
    } else if (c == ')' && in_array_) {
      ++at_;
      end_array();
    } else if (c == '<' || c == '>') {
      redirect();
    } else if (c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')') {
      if (c == '&' && next() == '>') { /* &>FILE */
        ++at_;
        return redirect();
      }
      end_word();
      end_command();
      ++at_;
    } else {
      add(c);
      ++at_;
    }
  }

  void add(char c) {
    word_ += c;
    in_word_ = true;
  }

  void quote_single() {
    const std::size_t end = std::min(text_.find('\'', at_ + 1), text_.size());
    word_ += text_.substr(at_ + 1, end - at_ - 1);
    in_word_ = true;
    at_ = end + 1;
  }

  void quote_double() {
    if (text_.compare(at_, 4, "\"$@\"") == 0) { /* a script's own arguments: there are none */
      at_ += 4;
      return;
    }
    in_word_ = true;
    for (++at_; at_ < text_.size() && now() != '"';) {
      if (now() == '\\' && (next() == '"' || next() == '\\' || next() == '$' || next() == '`')) {
        word_ += next();
        at_ += 2;
      } else if (now() == '\\' && next() == '\n') {
        at_ += 2;
      } else if (now() == '$' || now() == '`') {
        expand(true);
      } else {
        word_ += now();
        ++at_;
      }
    }
    ++at_;
  }

  /* $NAME, ${NAME}, ${NAME[@]}; other forms are not known. */
  void expand(bool in_quotes) {
    const std::size_t start = at_;
    std::string name;
    if (now() == '`' || (now() == '$' && next() == '(')) {
      at_ = end_of_substitution();
    } else if (next() == '{') {
      const std::size_t end = std::min(text_.find('}', at_), text_.size());
      name = text_.substr(at_ + 2, end - at_ - 2);
      at_ = std::min(end + 1, text_.size());
      if (name.ends_with("[@]") || name.ends_with("[*]"))
        name.resize(name.size() - 3);
    } else {
      for (++at_; at_ < text_.size() && is_name(name + now()); ++at_)
        name += now();
      if (name.empty() && (now() == '@' || now() == '*')) {
        ++at_;
        return;
      }
      if (name.empty()) { /* a dollar, or $1, $$, $? */
        const char c = now();
        if ((c < '0' || c > '9') && c != '$' && c != '?' && c != '#')
          return add('$');
        ++at_;
      }
    }
    const auto value = variables_.find(name);
    if (value == variables_.end() || name.empty() || !can_grow(value->second))
      unknown(text_.substr(start, at_ - start));
    else
      put(value->second, in_quotes);
  }

  /* A=$A$A, again and again, would fill the memory. */
  bool can_grow(const Words &values) {
    for (const std::string &value : values)
      grown_ += value.size() + 1;
    return grown_ < most_growth;
  }

  /* Quoted, each word of an array stays one; a plain variable is split at blanks without. */
  void put(const Words &values, bool in_quotes) {
    bool is_first = true;
    for (const std::string &value : values) {
      if (!is_first)
        end_word();
      is_first = false;
      if (in_quotes) {
        word_ += value;
        in_word_ = true;
        continue;
      }
      for (const char c : value) {
        if (c == ' ' || c == '\t' || c == '\n')
          end_word();
        else
          add(c);
      }
    }
    if (values.empty())
      in_word_ = !word_.empty();
  }

  std::size_t end_of_substitution() const {
    if (now() == '`')
      return std::min(text_.find('`', at_ + 1), text_.size() - 1) + 1;
    std::size_t depth = 0;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '(')
        ++depth;
      else if (text_[i] == ')' && --depth == 0)
        return i + 1;
    }
    return text_.size();
  }

  void unknown(const std::string &written) {
    word_ += written;
    in_word_ = true;
    if (shell_.unknown.size() < most_unknown &&
        std::find(shell_.unknown.begin(), shell_.unknown.end(), written) == shell_.unknown.end())
      shell_.unknown.push_back(written);
  }

  /* N>FILE, >>FILE, <FILE, 2>&1, and the file's name. */
  void redirect() {
    if (in_word_ && word_.size() == 1 && word_[0] >= '0' && word_[0] <= '9') {
      word_.clear();
      in_word_ = false;
    }
    end_word();
    while (now() == '<' || now() == '>' || now() == '&' || now() == '|')
      ++at_;
    while (now() == ' ' || now() == '\t')
      ++at_;
    skips_word_ = true;
  }

  void begin_array() {
    array_ = word_.substr(0, word_.size() - 1);
    const bool adds = array_.ends_with("+");
    if (adds)
      array_.pop_back();
    word_.clear();
    in_word_ = false;
    in_array_ = true;
    if (!adds)
      variables_[array_].clear();
  }

  void end_array() {
    end_word();
    in_array_ = false;
  }

  void end_word() {
    if (!in_word_)
      return;
    if (skips_word_)
      skips_word_ = false;
    else if (in_array_)
      variables_[array_].push_back(word_);
    else if (!assigns())
      command_.push_back(word_);
    word_.clear();
    in_word_ = false;
  }

  /* NAME=VALUE before a command. */
  bool assigns() {
    if (std::any_of(command_.begin(), command_.end(),
                    [](const std::string &word) { return !is_keyword(word); }))
      return false;
    const std::size_t equals = word_.find('=');
    if (equals == std::string::npos)
      return false;
    std::string name = word_.substr(0, equals);
    const bool adds = name.ends_with("+");
    if (adds)
      name.pop_back();
    if (!is_name(name))
      return false;
    std::string value = word_.substr(equals + 1);
    Words &variable = variables_[name];
    variable = {(adds && !variable.empty() ? variable[0] : "") + value};
    return true;
  }

  void end_command() {
    end_word();
    skips_word_ = false;
    const auto first = std::find_if(command_.begin(), command_.end(),
                                    [](const std::string &word) { return !is_keyword(word); });
    command_.erase(command_.begin(), first);
    if (!command_.empty())
      shell_.commands.push_back(std::move(command_));
    command_.clear();
  }

  const std::string &text_;
  std::size_t at_ = 0;
  std::size_t grown_ = 0; /* bytes that variables were replaced by */
  ShellText shell_;
  Words command_;
  std::string word_, array_;
  bool in_word_ = false, in_array_ = false, skips_word_ = false;
  std::map<std::string, Words> variables_;
};

} // namespace

ShellText read_shell(const std::string &text) {
  return ShellReader(text).read();
}

} // namespace qemu_pin
