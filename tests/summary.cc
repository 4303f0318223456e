/*
 * What meson's records of test runs come to: the failures with their output, the skips with
 * their reasons, and the last line of tests/run, `N passed, N failed, N skipped`.
 *
 *     summary [--passed NAME] [--failed NAME] [--skipped NAME:REASON]... RECORDS...
 *
 * RECORDS is a path without its ending: meson writes RECORDS.junit.xml, which has the single
 * tests of GoogleTest and TAP, and RECORDS.json, a line a program, which has how it ended. A
 * program that failed without a failed test has crashed and counts as one that failed, and so
 * do records that are missing or empty. The options count what tests/run did itself.
 *
 * Exit status: 0 none failed, 1 some failed, 2 usage.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/json.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <pugixml.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t lines_shown = 40;

struct Told {
  std::string name, text; /* a failed test's output, or why one was skipped */
};

struct Counts {
  unsigned passed = 0;
  std::vector<Told> failed, skipped;
};

/* At most that many lines, the last ones, each indented by four. */
std::string last_lines(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back("    " + line + "\n");
  std::string shown;
  for (std::size_t i = lines.size() > lines_shown ? lines.size() - lines_shown : 0;
       i < lines.size(); ++i)
    shown += lines[i];
  return shown;
}

std::string one_line(std::string text) {
  while (text.ends_with('\n'))
    text.pop_back();
  for (char &c : text)
    if (c == '\n')
      c = ' ';
  return text;
}

/* GoogleTest's message is FILE:LINE, a newline, and what the test says. */
std::string reason_of_gtest(const std::string &message) {
  const std::size_t end = message.find('\n');
  return one_line(end == std::string::npos ? message : message.substr(end + 1));
}

/* What bats says below a test's `not ok`: the comments up to the next test. */
std::string comments_below(const std::string &tap, const std::string &number_and_name) {
  std::istringstream lines(tap);
  std::string line, text;
  while (std::getline(lines, line) && !line.starts_with("not ok " + number_and_name))
    ;
  while (std::getline(lines, line) && line.starts_with("#"))
    text += line + "\n";
  return text;
}

/* "3 a list is read" as "a list is read". */
std::string without_number(const std::string &name) {
  const std::size_t end = name.find_first_not_of("0123456789");
  return end > 0 && end < name.size() && name[end] == ' ' ? name.substr(end + 1) : name;
}

/* One of GoogleTest's or TAP's. run: the program's name. */
void count_case(const pugi::xml_node &test, const std::string &run, const std::string &tap,
                Counts &counts) {
  const std::string name = test.attribute("name").value();
  const bool is_tap = !tap.empty();
  const std::string shown =
      run + ": " +
      (is_tap ? without_number(name) : test.attribute("classname").value() + ("." + name));
  std::string failures;
  for (const pugi::xml_node part : test.children())
    if (part.name() == std::string_view("failure") || part.name() == std::string_view("error"))
      failures += std::string(part.attribute("message").value()) + part.text().get() + "\n";
  if (!failures.empty())
    counts.failed.push_back({shown, is_tap ? comments_below(tap, name) : failures});
  else if (const pugi::xml_node skipped = test.child("skipped"))
    counts.skipped.push_back({shown, is_tap
                                         ? one_line(test.child("system-out").text().get())
                                         : reason_of_gtest(skipped.attribute("message").value())});
  else if (test.attribute("status").value() == std::string_view("notrun"))
    counts.skipped.push_back({shown, "disabled"});
  else
    ++counts.passed;
}

/* A program as a whole. */
struct Run {
  std::string id;   /* meson's name: "PROJECT:SUITE / NAME" */
  std::string name; /* NAME */
  std::string result, output;
};

/* By id. The suites are called PROJECT.ID or, GoogleTest's, PROJECT.ID.SUITE; one that is called
 * PROJECT has the programs that have no single tests. */
std::map<std::string, Counts> counts_by_run(const pugi::xml_document &junit,
                                            const std::vector<Run> &runs) {
  std::map<std::string, Counts> counts;
  for (const pugi::xml_node suite : junit.child("testsuites").children("testsuite")) {
    const std::string name = suite.attribute("name").value();
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos)
      continue;
    for (const Run &run : runs) {
      const bool is_tap = name.substr(dot + 1) == run.id;
      if (!is_tap && !name.substr(dot + 1).starts_with(run.id + "."))
        continue;
      const std::string output = suite.child("system-out").text().get();
      for (const pugi::xml_node test : suite.children("testcase"))
        count_case(test, run.name, is_tap ? output + "\n" : "", counts[run.id]);
    }
  }
  return counts;
}

std::vector<Run> runs_in(const std::string &file) {
  std::vector<Run> runs;
  std::ifstream records(file);
  for (std::string line; std::getline(records, line);) {
    const auto record = nlohmann::json::parse(line, nullptr, false);
    if (!record.is_object())
      continue;
    const std::string id = record.value("name", "");
    const std::size_t slash = id.find(" / ");
    std::string result = record.value("result", "");
    if (record.value("returncode", 0) != 0)
      result += ", exit status " + std::to_string(record.value("returncode", 0));
    const auto text = [&](const char *key) {
      const auto found = record.find(key);
      return found != record.end() && found->is_string() ? found->get<std::string>() : "";
    };
    runs.push_back({id, slash == std::string::npos ? id : id.substr(slash + 3), result,
                    text("stdout") + text("stderr")});
  }
  return runs;
}

void add(const Counts &more, Counts &all) {
  all.passed += more.passed;
  all.failed.insert(all.failed.end(), more.failed.begin(), more.failed.end());
  all.skipped.insert(all.skipped.end(), more.skipped.begin(), more.skipped.end());
}

void count_records(const std::string &records, Counts &all) {
  const std::string label = records.substr(records.rfind('/') + 1);
  pugi::xml_document junit;
  const std::vector<Run> runs = runs_in(records + ".json");
  if (!junit.load_file((records + ".junit.xml").c_str()) || runs.empty()) {
    all.failed.push_back({label + ": no test has run", ""});
    return;
  }
  const auto counts = counts_by_run(junit, runs);
  for (const Run &run : runs) {
    const auto single = counts.find(run.id);
    if (single != counts.end())
      add(single->second, all);
    const bool is_good = run.result == "OK" || run.result.starts_with("EXPECTEDFAIL");
    if (run.result.starts_with("SKIP") && single == counts.end())
      all.skipped.push_back({run.name, one_line(run.output)});
    else if (is_good && single == counts.end())
      ++all.passed;
    else if (!is_good && !run.result.starts_with("SKIP") &&
             (single == counts.end() || single->second.failed.empty()))
      all.failed.push_back({run.name + ": " + run.result, run.output});
  }
}

void print(const Counts &counts) {
  if (!counts.skipped.empty())
    std::puts("\n== Skipped");
  for (const Told &skip : counts.skipped)
    std::printf("%s: %s\n", skip.name.c_str(), skip.text.c_str());
  if (!counts.failed.empty())
    std::puts("\n== Failed");
  for (const Told &failure : counts.failed)
    std::printf("%s\n%s", failure.name.c_str(), last_lines(failure.text).c_str());
  std::printf("\n%u passed, %zu failed, %zu skipped\n", counts.passed, counts.failed.size(),
              counts.skipped.size());
}

} // namespace

int main(int argc, char **argv) {
  Counts counts;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      count_records(word, counts);
      continue;
    }
    const std::string name = i + 1 < argc ? argv[++i] : "";
    const std::size_t colon = name.find(':');
    if (word == "--passed" && !name.empty()) {
      ++counts.passed;
    } else if (word == "--failed" && !name.empty()) {
      counts.failed.push_back({name, ""});
    } else if (word == "--skipped" && colon != std::string::npos) {
      counts.skipped.push_back({name.substr(0, colon), name.substr(colon + 1)});
    } else {
      std::fprintf(stderr, "summary: %s %s is not understood\n", word.c_str(), name.c_str());
      return 2;
    }
  }
  print(counts);
  return counts.failed.empty() ? 0 : 1;
}
