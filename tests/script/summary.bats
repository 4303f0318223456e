#!/usr/bin/env bats
# What tests/summary makes of meson's records, which here are those of a project of a few
# programs that end in all the ways that programs end.

bats_require_minimum_version 1.5.0

setup() {
  top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  summary=${SUMMARY:-$top/build/tests/summary}
  [[ -x $summary ]] || skip "$summary has not been built"
  cd "$BATS_TEST_TMPDIR" || return
  echo "project('ends')" >meson.build
}

# program NAME PROTOCOL [WORDS]: a test whose script is read from standard input.
program() {
  { echo '#!/bin/bash' && cat; } >"$1"
  chmod +x "$1"
  echo "test('$1', files('$1'), protocol: '$2', suite: ['one', 'two'], timeout: 30 ${3-})" >>meson.build
}

# counts: runs them all, and the summary; sets status, output and lines.
counts() {
  meson setup build >log || { cat log; return 1; }
  meson test -C build --logbase all >log || true
  run "$summary" build/meson-logs/all
}

@test "single tests are counted, and skips have their reasons" {
  program tap tap <<<"printf '%s\n' 1..3 'ok 1 good' 'ok 2 lacking # skip needs a moon' 'ok 3 also good'"
  program gtest gtest <<'SCRIPT'
cat >"${1#--gtest_output=xml:}" <<'XML'
<testsuites><testsuite name="Sky"><testcase name="IsBlue" status="run" classname="Sky"/>
<testcase name="HasAMoon" status="run" classname="Sky"><skipped message="sky.cc:1&#x0A;needs a moon"/></testcase>
</testsuite></testsuites>
XML
SCRIPT
  program exit exitcode <<<'exit 0'
  program absent exitcode <<<'exit 77'
  counts
  [[ $status == 0 ]]
  [[ $output == *'tap: lacking: needs a moon'* ]]
  [[ $output == *'gtest: Sky.HasAMoon: needs a moon'* ]]
  [[ ${lines[-1]} == '4 passed, 0 failed, 3 skipped' ]]
}

@test "failures are named, with what was said of them" {
  program tap tap <<<"printf '%s\n' 1..2 'not ok 1 bad' '# (in test file)' '# it is dark' 'ok 2 good'"
  program gtest gtest <<'SCRIPT'
cat >"${1#--gtest_output=xml:}" <<'XML'
<testsuites><testsuite name="Sky"><testcase name="IsBlue" status="run" classname="Sky">
<failure message="sky.cc:1&#x0A;Expected: blue"/></testcase></testsuite></testsuites>
XML
exit 1
SCRIPT
  program exit exitcode <<<'echo nothing works; exit 3'
  counts
  [[ $status == 1 ]]
  [[ $output == *$'tap: bad\n    # (in test file)\n    # it is dark\n'* ]]
  [[ $output == *$'gtest: Sky.IsBlue\n'*'Expected: blue'* ]]
  [[ $output == *$'exit: FAIL, exit status 3\n    nothing works\n'* ]]
  [[ ${lines[-1]} == '1 passed, 3 failed, 0 skipped' ]]
}

@test "a program that crashes has failed, whatever it said before" {
  program tap tap <<<"printf '%s\n' 1..2 'ok 1 good'; kill -SEGV \$\$"
  program gtest gtest <<<'kill -SEGV $$'
  program late gtest <<'SCRIPT'
echo '<testsuites><testsuite name="Sky"><testcase name="IsBlue" status="run" classname="Sky"/></testsuite></testsuites>' \
  >"${1#--gtest_output=xml:}"
exit 1
SCRIPT
  counts
  [[ $status == 1 ]]
  [[ ${lines[-1]} == '2 passed, 3 failed, 0 skipped' ]]
}

@test "a program that takes too long has failed" {
  program slow exitcode <<<'exec sleep 100'
  sed -i 's/timeout: 30/timeout: 1/' meson.build
  counts
  [[ $status == 1 ]]
  [[ $output == *'slow: TIMEOUT'* ]]
}

@test "records that are missing, or empty, are a failure" {
  run "$summary" build/meson-logs/none
  [[ $status == 1 ]]
  [[ $output == *'none: no test has run'* ]]
  [[ ${lines[-1]} == '0 passed, 1 failed, 0 skipped' ]]
}

@test "what tests/run did itself is counted with it" {
  run "$summary" --passed build --failed 'QEMU 7.2' --skipped 'QEMU 10.0: no source'
  [[ $status == 1 ]]
  [[ $output == *'QEMU 10.0:  no source'* ]]
  [[ ${lines[-1]} == '1 passed, 1 failed, 1 skipped' ]]
}
