#!/usr/bin/env bats
# Every benchmark once, shortened: that it works, and what it leaves. No number is judged.

bats_require_minimum_version 1.5.0

top=$BATS_TEST_DIRNAME/../..
names=(tail-latency pin-window start-up pin-cost pin-calls tcg-throughput iothread commands build)

# What the benchmarks could leave on the host, told from what others have there: processes by
# $scratch, which is their TMPDIR; libvirt gives QEMU another environment, but names files in it.
left_behind() {
  local process
  for process in /proc/[0-9]*; do
    if grep -qszxF "TMPDIR=$scratch" "$process/environ" || grep -qsF "$scratch/" "$process/cmdline"; then
      echo "$process: $(tr '\0' ' ' <"$process/cmdline")"
    fi
  done
  find "$scratch" -mindepth 1
  find /sys/fs/cgroup -type d \( -name 'qemu-pin*' -o -name 'bench-*' \) | sort
  ls /run/qemu-pin 2>/dev/null || true
  ls -d /sys/kernel/tracing/instances/qemu-pin* 2>/dev/null || true
  # irqbalance moves interrupts at any time.
  pgrep -x irqbalance >/dev/null || grep -H '' /proc/irq/*/smp_affinity_list
  cat /sys/devices/virtual/workqueue/cpumask
}

setup_file() {
  # bats puts its own programs first; a meson that is run from here would take them for the
  # system's.
  PATH=${PATH//"$BATS_LIBEXEC":/}
  export qemu=${QEMU_PINNING_BINARIES%%:*}
  [[ -n $qemu ]] || return 0
  export results=$BATS_FILE_TMPDIR/results before=$BATS_FILE_TMPDIR/before
  # A short path, for sockets.
  scratch=$(mktemp -d)
  export scratch
  left_behind >"$before"
  stat -c %Y "$top/build/build.ninja" >"$BATS_FILE_TMPDIR/configured"
  status=0
  TMPDIR=$scratch "$top/bench/run" --quick --no-deps --build "$top/build" --qemu "$qemu" --results "$results" \
    >"$BATS_FILE_TMPDIR/output" 2>"$BATS_FILE_TMPDIR/errors" </dev/null || status=$?
  export status_of_run=$status
  left_behind >"$BATS_FILE_TMPDIR/after"
}

teardown_file() {
  [[ -z ${scratch:-} ]] || rm -rf -- "$scratch"
}

setup() {
  [[ -n $qemu ]] || skip 'QEMU_PINNING_BINARIES names no QEMU'
}

@test "bench/run --quick runs them all" {
  cat "$BATS_FILE_TMPDIR/errors"
  [[ $status_of_run == 0 ]]
}

@test "a build folder that has the benchmarks is not configured again" {
  [[ $(stat -c %Y "$top/build/build.ninja") == "$(<"$BATS_FILE_TMPDIR/configured")" ]]
}

@test "each writes rows that were measured, and says what was not and why" {
  for name in "${names[@]}"; do
    echo "$name"
    jq -e --arg name "$name" '
      .schema == 1 and .name == $name and .quick and (.rows | length) > 0
      and all(.rows[]; .n > 0 and .low <= .median and .median <= .high)
      and all(.skipped[]; .why != "")
      and (.limits | length) > 0 and .facts.qemu != "missing" and .facts.cpus > 0' \
      "$results/$name.json"
  done
}

@test "each draws a picture" {
  for name in "${names[@]}"; do
    echo "$name"
    xmllint --noout "$results/$name.svg"
  done
}

@test "each prints its table" {
  for name in "${names[@]}"; do
    title=$(jq -r .title "$results/$name.json")
    grep -qxF "$title" "$BATS_FILE_TMPDIR/output"
  done
  grep -q 'the numbers are worth nothing' "$BATS_FILE_TMPDIR/output"
}

@test "the page says first what pinning alone does not do, and shows every benchmark" {
  page=$results/performance.md
  sed -n '/^# /,/^$/d; /./,$p' "$page" | sed '/^$/q' | grep -q 'Pinning alone does not make'
  for name in "${names[@]}"; do
    grep -qxF "## $(jq -r .title "$results/$name.json")" "$page"
    grep -qF "/$name.svg)" "$page"
  done
}

@test "nothing is left on the host" {
  diff "$before" "$BATS_FILE_TMPDIR/after"
}

@test "interrupted, it ends with the signal's status and leaves nothing" {
  # A group of its own, as a terminal gives it: Ctrl-C goes to all of it.
  TMPDIR=$scratch setsid "$top/bench/run" --quick --no-deps --build "$top/build" --only tail-latency \
    --repetitions 50 --qemu "$qemu" --results "$BATS_TEST_TMPDIR/results" >/dev/null 2>"$BATS_TEST_TMPDIR/errors" </dev/null 3>&- &
  id=$!
  for ((i = 0; i < 6000; ++i)); do
    grep -q '2/50' "$BATS_TEST_TMPDIR/errors" && break
    sleep 0.1
  done
  kill -TERM -- "-$id"
  status=0
  wait "$id" || status=$?
  cat "$BATS_TEST_TMPDIR/errors"
  [[ $status == 143 ]]
  [[ ! -e $BATS_TEST_TMPDIR/results/tail-latency.json ]]
  left_behind | diff "$before" -
}

@test "what cannot be is refused" {
  run -2 "$top/bench/run" --only nothing
  [[ $output == *"there is no benchmark 'nothing': tail-latency pin-window"* ]]
  run -2 "$top/bench/run" --repetitions 0
  [[ $output == *"--repetitions: '0' is no number above 0"* ]]
  run -2 "$top/bench/run" --no-deps --qemu "$BATS_TEST_TMPDIR/none"
  [[ $output == *"none: no such program"* ]]
  run -2 "$top/bench/run" --results
  [[ $output == *'--results needs a value'* ]]
}

@test "a result that is damaged is named, and the page stays as it was" {
  mkdir "$BATS_TEST_TMPDIR/results"
  cp "$results/commands.json" "$BATS_TEST_TMPDIR/results/"
  "$top/build/bench/page" "$BATS_TEST_TMPDIR/results" "$BATS_TEST_TMPDIR/page.md"
  cp "$BATS_TEST_TMPDIR/page.md" "$BATS_TEST_TMPDIR/former"
  echo '{' >"$BATS_TEST_TMPDIR/results/commands.json"
  run -2 "$top/build/bench/page" "$BATS_TEST_TMPDIR/results" "$BATS_TEST_TMPDIR/page.md"
  [[ $output == *'commands.json: no report of a benchmark'* ]]
  cmp "$BATS_TEST_TMPDIR/page.md" "$BATS_TEST_TMPDIR/former"
}
