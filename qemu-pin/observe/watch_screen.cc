/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/watch_screen.h"

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 0
#include <curses.h>
#include <term.h>

namespace qemu_pin {

using std::chrono::steady_clock;

namespace {

/* Signals for which newterm() leaves handlers behind, that end a program with status 1. */
constexpr std::array<int, 4> handled = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

constexpr short bar_colour = 1, wait_colour = 2, unknown_colour = 3;

/* TERM names a terminal whose cursor goes where it is told. */
bool can_be_drawn_on() {
  int error = 0;
  char name[] = "cup"; // NOLINT: older headers take no constant
  if (setupterm(nullptr, STDOUT_FILENO, &error) != OK)
    return false;
  const char *text = tigetstr(name);
  const bool can =
      text && text != reinterpret_cast<const char *>(-1); // NOLINT: its documented value
  del_curterm(cur_term);
  return can;
}

/* https://no-color.org */
bool colours_are_wanted() {
  const char *no = std::getenv("NO_COLOR");
  return !no || !*no;
}

chtype attribute(Accent accent, bool has_colours) {
  switch (accent) {
  case Accent::heading:
    return A_BOLD;
  case Accent::bar:
    return has_colours ? COLOR_PAIR(bar_colour) : A_NORMAL;
  case Accent::wait:
    return has_colours ? COLOR_PAIR(wait_colour) : A_NORMAL;
  case Accent::unknown:
    return has_colours ? COLOR_PAIR(unknown_colour) : A_NORMAL;
  case Accent::none:
    break;
  }
  return A_NORMAL;
}

} // namespace

std::unique_ptr<WatchScreen> WatchScreen::open() {
  if (!isatty(STDOUT_FILENO) || !can_be_drawn_on())
    return nullptr;
  setlocale(LC_CTYPE, "");
  std::unique_ptr<WatchScreen> screen(new WatchScreen);
  sigset_t caught;
  sigemptyset(&caught);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH})
    sigaddset(&caught, number);
  sigprocmask(SIG_BLOCK, &caught, &screen->former_signals_);
  screen->signals_ = Fd(signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  for (std::size_t i = 0; i < handled.size(); ++i)
    sigaction(handled[i], nullptr, &screen->former_actions_[i]);
  screen->screen_ = newterm(nullptr, stdout, stdin);
  if (!screen->screen_)
    return nullptr;
  screen->has_keys_ = isatty(STDIN_FILENO);
  cbreak();
  noecho();
  nodelay(stdscr, TRUE);
  curs_set(0);
  if (std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
    screen->bars_ = Bars::blocks;
  if (colours_are_wanted() && has_colors()) {
    screen->has_colours_ = true;
    start_color();
    use_default_colors();
    init_pair(bar_colour, COLOR_GREEN, -1);
    init_pair(wait_colour, COLOR_RED, -1);
    init_pair(unknown_colour, COLOR_YELLOW, -1);
  }
  return screen;
}

WatchScreen::~WatchScreen() {
  if (screen_) {
    endwin();
    delscreen(static_cast<SCREEN *>(screen_));
    for (std::size_t i = 0; i < handled.size(); ++i)
      sigaction(handled[i], &former_actions_[i], nullptr);
  }
  sigprocmask(SIG_SETMASK, &former_signals_, nullptr);
}

std::size_t WatchScreen::width() const {
  return static_cast<std::size_t>(std::max(getmaxx(stdscr), 1));
}

std::size_t WatchScreen::height() const {
  return static_cast<std::size_t>(std::max(getmaxy(stdscr), 1));
}

void WatchScreen::draw(const std::vector<Line> &rows) {
  erase();
  for (std::size_t y = 0; y < rows.size(); ++y) {
    move(static_cast<int>(y), 0);
    for (const Span &span : rows[y]) {
      const chtype look = attribute(span.accent, has_colours_);
      attron(static_cast<int>(look));
      addstr(span.text.c_str());
      attroff(static_cast<int>(look));
    }
  }
  refresh();
}

WatchScreen::Event WatchScreen::read_signal() {
  signalfd_siginfo got{};
  Event event = time_is_up;
  while (read(signals_.number(), &got, sizeof got) == static_cast<ssize_t>(sizeof got)) {
    if (got.ssi_signo != SIGWINCH) {
      signal_ = got.ssi_signo == SIGINT ? 0 : static_cast<int>(got.ssi_signo);
      return leave;
    }
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
      resizeterm(size.ws_row, size.ws_col);
    event = resized;
  }
  return event;
}

WatchScreen::Event WatchScreen::read_keys() {
  for (int key = getch(); key != ERR; key = getch())
    if (key == 'q' || key == 'Q')
      return leave;
  return time_is_up;
}

WatchScreen::Event WatchScreen::wait(steady_clock::time_point until,
                                     const std::vector<int> &descriptors) {
  for (;;) {
    std::vector<pollfd> polled = {{signals_.number(), POLLIN, 0},
                                  {has_keys_ ? STDIN_FILENO : -1, POLLIN, 0}};
    for (const int descriptor : descriptors)
      polled.push_back({descriptor, POLLIN, 0});
    if (!wait_readable(polled, until))
      return time_is_up;
    Event event = time_is_up;
    if (polled[0].revents)
      event = read_signal();
    if (event == time_is_up && polled[1].revents & POLLIN)
      event = read_keys();
    else if (event == time_is_up && polled[1].revents)
      event = leave; /* the terminal is gone */
    if (event != time_is_up)
      return event;
    if (std::any_of(polled.begin() + 2, polled.end(), [](const pollfd &p) { return p.revents; }))
      return ended;
  }
}

bool wait_readable(std::vector<pollfd> &descriptors, steady_clock::time_point until) {
  for (;;) {
    const auto left = std::max(until - steady_clock::now(), steady_clock::duration(0));
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{whole.count(), std::chrono::nanoseconds(left - whole).count()};
    const int n = ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr);
    if (n > 0)
      return true;
    /* Also for what poll cannot do: the caller looks again, late but not never. */
    if (n == 0 || errno != EINTR)
      return false;
  }
}

} // namespace qemu_pin
