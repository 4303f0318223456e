#!/bin/sh
# Isolating and restoring while somebody keeps moving threads to a group that has none of the
# CPUs they are to have meanwhile.
# shellcheck disable=SC1091,SC2154
. ./common.sh

root=$(cpuset_root)
mkdir "$root/foo"
echo 0 >"$root/foo/cpuset.mems"
echo 2 >"$root/foo/cpuset.cpus"
threads=
for _ in 1 2 3 4 5 6 7 8; do
  taskset 4 sleep 10000 &
  threads="$threads $!"
done
while [ ! -e /tmp/enough ]; do
  for group in foo .; do
    for thread in $threads; do
      echo "$thread" >"$root/$group/tasks"
    done
  done
  for thread in $threads; do
    taskset -p 4 "$thread"
  done
done >/dev/null 2>&1 &

for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  expect isolate qemu-pin isolate 2 --only cpuset >/dev/null
  # 1: the masks that somebody has changed since are left alone.
  qemu-pin restore >/dev/null
  [ $? -le 1 ] || fail 'restore failed'
done
touch /tmp/enough
wait $!
# shellcheck disable=SC2086
kill $threads
finish
