#!/usr/bin/env bats
# Plans for captured hosts, to the letter. After a change that is meant:
# tests/plan/golden --write, and read what git diff shows.

# diff_of ARCHIVE: the plans that are made against those that are expected.
diff_of() {
  local archives=${VCPUPIN_TOPOLOGIES:-$BATS_TEST_DIRNAME/../../../shared/topologies}
  [[ -f $archives/$1.tar.bz2 ]] || skip "needs $archives/$1.tar.bz2"
  "$BATS_TEST_DIRNAME/golden" "$1" >"$BATS_TEST_TMPDIR/made"
  diff -u "$BATS_TEST_DIRNAME/expected/$1.txt" "$BATS_TEST_TMPDIR/made"
}

@test "plans for a host whose siblings are far apart" {
  diff_of 16em64t-4s2c2t
}

@test "plans for a host with CPUs offline" {
  diff_of 16em64t-4s2c2t-offlines
}

@test "plans for a hybrid host" {
  diff_of 20em64t-hybrid-1p6c2t+2ca4co1t
}

@test "plans for a host with four threads a core" {
  diff_of 256ppc-8n8s4t
}

@test "plans for a host of which a cgroup has a part" {
  diff_of 32amd64-4s2n4c-cgroup2
}

@test "plans for a host whose nodes are interleaved" {
  diff_of 40intel64-2g2n4c+pcilocality
}

@test "plans for a host whose packages are numbered with gaps" {
  diff_of 48amd64-4pa2n6c-sparse
}

@test "plans for a host with two nodes a package" {
  diff_of 64amd64-4s2n4ca2co
}

@test "plans for a host with four packages a node" {
  diff_of 96em64t-4no4pa3ca2co
}

@test "plans for a host whose L3s span nodes" {
  diff_of fakecpuid1f-64intel64-2p4d2n2c2t
}

@test "plans for an Arm host of two kinds of core" {
  diff_of nvidia-dgx-gb10
}

@test "plans for a host without CPU 0" {
  diff_of offline-cpu0-node0
}

@test "every expected plan has its test" {
  for file in "$BATS_TEST_DIRNAME"/expected/*.txt; do
    grep -qxF "  diff_of $(basename "$file" .txt)" "$BATS_TEST_FILENAME"
  done
}
