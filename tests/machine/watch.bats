#!/usr/bin/env bats
# qemu-pin show --watch in a real terminal, tmux's, read back as a user would see it.

# shellcheck disable=SC2030,SC2031 # each test is a subshell, and so is teardown's with it
bats_require_minimum_version 1.5.0

setup() {
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  program=$(realpath -m "${QEMU_PIN:-$top/build/qemu-pin/qemu-pin}")
  qemu=/usr/bin/qemu-system-x86_64
  machine='' terminal=''
  [[ -x $program ]] || skip "$program has not been built"
  [[ -x $qemu ]] || skip "the distribution's QEMU is not installed (Debian's package qemu-system-x86)"
  command -v tmux >/dev/null || skip "tmux is not installed (Debian's package tmux)"
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  [[ ! $terminal ]] || tmux -L "$terminal" kill-server
  [[ ! $machine ]] || kill "$machine" || true
}

# A guest of two vCPUs, stopped, and an iothread: all of its threads sleep.
start_machine() {
  "$qemu" -nodefaults -display none -accel tcg,thread=multi -smp 2 -m 16 -S \
    -name guest=watched,debug-threads="${1-on}" -object iothread,id=io0 3>&- &
  machine=$!
  until grep -qs qemu-system "/proc/$machine/comm" && (($(find "/proc/$machine/task" -mindepth 1 -maxdepth 1 | wc -l) >= 5)); do
    kill -0 "$machine"
    sleep 0.05
  done
}

# What passes for a QEMU, by its name, and is always busy.
start_busy() {
  cp "$(command -v cat)" qemu-system-busy
  ./qemu-system-busy /dev/zero >/dev/null 3>&- &
  machine=$!
  until [[ $(<"/proc/$machine/comm") == qemu-system-bus ]]; do sleep 0.05; done
}

# start_terminal WIDTH HEIGHT [NAME=VALUE...]: a shell in a terminal.
start_terminal() {
  terminal=qemu-pin-watch-$$-$BATS_TEST_NUMBER
  local width=$1 height=$2
  shift 2
  env -u TMUX -u NO_COLOR LC_ALL=C.UTF-8 "$@" tmux -L "$terminal" -f /dev/null \
    new-session -d -x "$width" -y "$height" "PS1='ready> ' exec bash --norc --noprofile" 3>&-
  wait_for 'ready>'
}

keys() { tmux -L "$terminal" send-keys "$@"; }
# With the colours and other looks, if -e is given.
screen() { tmux -L "$terminal" capture-pane -p "$@"; }

# wait_for REGEX: until the terminal shows it.
wait_for() {
  local i
  for ((i = 0; i < 1800; ++i)); do
    screen | grep -qE -- "$1" && return
    sleep 0.1
  done
  echo "the terminal does not show $1 but:" && screen
  return 1
}

watch() { keys "'$program' show --watch=0.2 $machine" Enter; }

@test "the table is in place, as wide as the terminal, and q leaves it" {
  start_machine
  start_terminal 80 24
  keys 'echo earlier words' Enter
  watch
  wait_for 'over [0-9]'
  screen >shown
  grep -qE "^process $machine \(guest watched\), [0-9]+ threads, over [0-9.]+ s$" shown
  grep -qE '^ROLE +THREAD +CPUS +ON +POLICY +PRIO +CPU +WAIT' shown
  grep -qE '^vcpu 0 +[0-9]+ ' shown
  grep -qE '^vcpu 1 +[0-9]+ ' shown
  grep -qE '^iothread io0 +[0-9]+ ' shown
  grep -qE "^emulator +$machine " shown
  [[ $(tail -n 1 shown) == 'q leaves' ]]
  run ! grep -q 'earlier words' shown
  keys q
  wait_for 'earlier words'
}

@test "a narrow terminal has roles and shares, and says what it has no room for" {
  start_machine
  start_terminal 40 6
  watch
  wait_for 'not shown; q leaves'
  screen >shown
  grep -qE '^ROLE .* CPU ' shown
  run ! grep -q INVOL shown
  grep -qE '^vcpu 0 .*%' shown
  grep -qE '^[1-9][0-9]* not shown; q leaves$' shown
  (($(wc -l <shown) == 6))
}

@test "the table follows the size of the terminal" {
  start_machine
  start_terminal 60 20
  watch
  wait_for 'over [0-9]'
  run ! grep -q NAME <(screen)
  tmux -L "$terminal" resize-window -x 120 -y 20
  wait_for 'INVOL +NAME$'
  tmux -L "$terminal" resize-window -x 40 -y 5
  wait_for '^[0-9]+ not shown; q leaves$'
}

@test "it shows what a thread was given and where it runs as that changes" {
  taskset -c 0 true && taskset -c 1 true || skip 'needs host CPUs 0 and 1'
  start_busy
  start_terminal 80 24
  watch
  wait_for 'over [0-9]'
  taskset -cp 0 "$machine" >/dev/null
  wait_for '^emulator +[0-9]+ +0 +0 '
  taskset -cp 1 "$machine" >/dev/null
  wait_for '^emulator +[0-9]+ +1 +1 '
}

@test "a busy thread has a bar, in colour" {
  start_terminal 80 24
  start_busy
  watch
  wait_for '█'
  screen -e >shown
  grep -q $'\e\\[32m█' shown
}

@test "without UTF-8 bars are of ordinary characters, and with NO_COLOR of no colour" {
  start_terminal 80 24 NO_COLOR=1
  start_busy
  keys "LC_ALL=C '$program' show --watch=0.2 $machine" Enter
  wait_for '##'
  screen -e >shown
  screen >plain
  run ! grep -q '█' plain
  # 39 and 49 are the terminal's own colours.
  run ! grep -qE $'\e\\[([0-9]+;)*(3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]' shown
}

@test "Ctrl-C gives the terminal back as it was, and is no failure" {
  start_machine
  start_terminal 80 24
  keys 'clear; echo earlier words; stty -a >before' Enter
  wait_for '^earlier words'
  watch
  wait_for 'over [0-9]'
  [[ $(tmux -L "$terminal" display-message -p '#{cursor_flag} #{alternate_on}') == '0 1' ]]
  keys C-c
  wait_for '^earlier words'
  # The terminal's shell is to expand it.
  # shellcheck disable=SC2016
  keys 'echo "status $?"; stty -a >after; echo do''ne' Enter
  wait_for '^done'
  screen >shown
  grep -qx 'status 0' shown
  run ! grep -q '^vcpu' shown
  cmp before after
  [[ $(tmux -L "$terminal" display-message -p '#{cursor_flag} #{alternate_on}') == '1 0' ]]
}

@test "SIGTERM gives the terminal back too, and is what it ends by" {
  start_machine
  start_terminal 80 24
  keys 'clear; stty -a >before; echo earlier words' Enter
  wait_for '^earlier words'
  # Its id is that of the shell that becomes it.
  keys "bash -c 'echo \$\$ >id; exec \"$program\" show --watch=0.2 $machine'; echo \"status \$?\"; stty -a >after" Enter
  wait_for 'over [0-9]'
  kill -TERM "$(<id)"
  wait_for '^status 143'
  wait_for '^earlier words'
  until [[ -s after ]]; do sleep 0.1; done
  cmp before after
  [[ $(tmux -L "$terminal" display-message -p '#{cursor_flag} #{alternate_on}') == '1 0' ]]
}

@test "it ends with the machine, in one line" {
  start_machine
  start_terminal 80 24
  local process=$machine
  watch
  wait_for 'over [0-9]'
  kill "$machine"
  machine=''
  wait_for "^process $process \(guest watched\) has ended"
  # shellcheck disable=SC2016
  keys 'echo "status $?"' Enter
  wait_for '^status 0'
}

@test "it says on the screen how roles could be known" {
  start_machine off
  start_terminal 80 24
  watch
  wait_for '^\?  '
  wait_for 'q leaves; \? is told by --qmp SOCKET, or .* debug-threads=on$'
}

@test "a terminal that cannot be drawn on gets tables one after the other" {
  start_machine
  start_terminal 120 40
  keys "TERM=dumb '$program' show --watch=0.3 $machine" Enter
  wait_for 'since each thread began'
  wait_for 'over [0-9]'
  screen | grep -q 'since each thread began'
  keys C-c
}
