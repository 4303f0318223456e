# shellcheck shell=bash disable=SC2034,SC2154
# Folders that runs share: who may use one, and how a thing in one comes into
# being. Everything is made under a name that starts with `.tmp.`, renamed when
# it is complete, and stamped last; so at any moment a folder holds whole things,
# and leftovers that the holder of its lock may remove.

# hold FOLDER WHAT: waits until no other run uses FOLDER; keeps it until `release`.
# Sets `held`, the lock's descriptor.
hold() {
  mkdir -p "$1"
  exec {held}>>"$1/.lock"
  if ! flock -n "$held"; then
    note "waiting for another run, which $2"
    wait_for_lock "$held"
  fi
  remove_leftovers "$1"
}

wait_for_lock() {
  flock "$1" &
  child=$!
  wait "$child"
  child=
}

release() { exec {held}>&-; }

# claim FOLDER: this run alone uses FOLDER until it ends, or fails at once. Its
# children inherit the lock: if it is killed, the next one waits for its compilers.
claim() {
  local lock claimed owner
  mkdir -p "$1"
  lock=$1/.lock
  exec {claimed}>>"$lock"
  if ! flock -n "$claimed"; then
    owner=$(tail -n 1 "$lock")
    ! grep -qsF "$program" "/proc/$owner/cmdline" ||
      fail "another run (process $owner) is at work in $1; wait for it or end it"
    note 'waiting for what a killed run has left running'
    wait_for_lock "$claimed"
  fi
  printf '%d\n' $$ >"$lock"
  remove_leftovers "$1"
}

remove_leftovers() {
  local leftover
  for leftover in "$1"/.tmp.*; do
    [[ ! -e $leftover && ! -L $leftover ]] || rm -rf -- "$leftover"
  done
}

# stamped FOLDER NAME TEXT: whether the stamp NAME in FOLDER says TEXT.
stamped() { [[ -f $1/$2.stamp && $(<"$1/$2.stamp") == "$3" ]]; }

unstamp() { rm -f -- "$1/$2.stamp"; }

stamp() {
  printf '%s\n' "$3" >"$1/.tmp.$2.stamp"
  mv -- "$1/.tmp.$2.stamp" "$1/$2.stamp"
}

# replace NEW FOLDER NAME: FOLDER/NAME becomes NEW, whatever it was before.
replace() {
  local old=$2/.tmp.old.$3
  if [[ -e $2/$3 ]]; then
    rm -rf -- "$old"
    mv -- "$2/$3" "$old"
  fi
  mv -- "$1" "$2/$3"
  rm -rf -- "$old"
}
