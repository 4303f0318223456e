# shellcheck shell=bash disable=SC2034,SC2154
# Progress: what the user sees of a run. A numbered line per step on standard
# output, the full output of each long command in a log file, and on failure the
# end of that log. Long commands run as children that a signal ends at once.

steps=8
step_number=0
child=
temporaries=()

say() { printf '%s\n' "$*"; }
note() { printf '      %s\n' "$*"; }
step() {
  step_number=$((step_number + 1))
  printf '[%d/%d] %s\n' "$step_number" "$steps" "$*"
}

# fail: the run cannot go on. misuse: it was asked for in a wrong way.
fail() {
  printf '%s: %s\n' "$program" "$*" >&2
  exit 1
}
misuse() {
  printf '%s: %s (try --help)\n' "$program" "$*" >&2
  exit 2
}

# fail_with_log LOG MESSAGE: says MESSAGE, the last 30 lines of LOG and its path.
fail_with_log() {
  local log=$1
  shift
  {
    printf -- '---- the last 30 lines of the log\n'
    tail -n 30 "$log"
    printf -- '----\n'
  } >&2
  fail "$*; the whole log: $log"
}

# temporary NAME: NAME is removed when the run ends, however it ends.
temporary() { temporaries+=("$1"); }

# descendants PID: PID and all processes below it, parents first.
descendants() {
  local kid
  printf '%s\n' "$1"
  for kid in $(cat "/proc/$1/task/"*/children 2>/dev/null || true); do
    descendants "$kid"
  done
}

# lives PID: whether it runs; one that nobody has waited for yet does not.
lives() { grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"; }

# Ends the running command with everything it started: ninja's compilers too.
stop_child() {
  local pids pid round
  [[ -n $child ]] || return 0
  mapfile -t pids < <(descendants "$child")
  kill -TERM "${pids[@]}" 2>/dev/null || true
  for ((round = 0; round < 50; round++)); do
    for pid in "${pids[@]}"; do
      if lives "$pid"; then
        sleep 0.1
        continue 2
      fi
    done
    return 0
  done
  kill -KILL "${pids[@]}" 2>/dev/null || true
}

# interrupted STATUS: a signal ends the run.
interrupted() {
  trap '' INT TERM HUP
  stop_child
  printf '\n%s: interrupted; run it again to go on\n' "$program" >&2
  exit "$1"
}

clean_up() {
  ((${#temporaries[@]} == 0)) || rm -rf -- "${temporaries[@]}"
}

watch_signals() {
  trap clean_up EXIT
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM
  trap 'interrupted 129' HUP
}

# attempt LOG COMMAND...: runs COMMAND with its output added to LOG; its status.
# A background child and `wait`, because bash acts on a signal only between
# foreground commands, which here may take minutes.
attempt() {
  local log=$1 status=0
  shift
  printf '$ %s\n' "$*" >>"$log"
  "$@" >>"$log" 2>&1 </dev/null &
  child=$!
  wait "$child" || status=$?
  child=
  return "$status"
}

# logged LOG WHAT COMMAND...: the same, and a failure ends the run, saying WHAT.
logged() {
  local log=$1 what=$2
  shift 2
  attempt "$log" "$@" || fail_with_log "$log" "$what failed"
}

# shown LOG COMMAND...: the same as attempt, with the output on the screen too.
shown() {
  local log=$1 status=0
  shift
  (
    set -o pipefail
    "$@" 2>&1 </dev/null | tee -a "$log"
  ) &
  child=$!
  wait "$child" || status=$?
  child=
  return "$status"
}

# ninja_counter LOG: copies ninja's output to LOG and shows its counter: in place
# on a terminal, elsewhere a line per tenth of the way.
ninja_counter() {
  local line tenth shown_tenth=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >&3
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]] || continue
    if [[ -t 1 ]]; then
      printf '\r\033[K      [%d/%d] %.60s' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
    elif ((BASH_REMATCH[2] >= 20)); then
      tenth=$((10 * BASH_REMATCH[1] / BASH_REMATCH[2]))
      ((tenth == shown_tenth)) || note "[${BASH_REMATCH[1]}/${BASH_REMATCH[2]}]"
      shown_tenth=$tenth
    fi
  done 3>>"$1"
  [[ ! -t 1 ]] || printf '\r\033[K'
}

# ninja_run LOG NINJA-ARGUMENT...: ninja with its counter; its status.
ninja_run() {
  local log=$1 status=0
  shift
  printf '$ ninja %s\n' "$*" >>"$log"
  (
    set -o pipefail
    NINJA_STATUS='[%f/%t] ' ninja "$@" 2>&1 </dev/null | ninja_counter "$log"
  ) &
  child=$!
  wait "$child" || status=$?
  child=
  return "$status"
}
