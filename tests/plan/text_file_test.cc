/* Files that end late or never. SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pipe.h"
#include "base/text_file.h"
#include "harness/temp_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace {

using qemu_pin::read_text_file;

std::string file_refusal(const std::string &path, std::size_t limit = qemu_pin::text_file_limit) {
  const auto text = read_text_file(path, limit);
  return text ? "" : text.error().message;
}

TEST(TextFile, IsReadWholeUpToTheLimit) {
  const TempDir dir;
  const std::string mebibyte(1U << 20, 'x');
  dir.write("file", mebibyte);
  const auto text = read_text_file(dir.path() + "/file", 1U << 20);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, mebibyte);
  dir.write("file", mebibyte + "x");
  EXPECT_EQ(file_refusal(dir.path() + "/file", 1U << 20),
            dir.path() + "/file: this is larger than 1 MiB, the most that qemu-pin reads");
}

TEST(TextFile, WithoutEndIsRefused) {
  EXPECT_EQ(file_refusal("/dev/zero"),
            "/dev/zero: this is larger than 4 MiB, the most that qemu-pin reads");
}

TEST(TextFile, ThatIsAFolderIsRefused) {
  EXPECT_EQ(file_refusal("/"), "/: Is a directory");
}

TEST(TextFile, APipeThatNobodyWritesToIsRefused) {
  const TempDir dir;
  const std::string pipe = dir.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(file_refusal(pipe), pipe + ": nobody writes to this pipe");
}

TEST(TextFile, APipeIsReadUntilItsWriterCloses) {
  auto pipe = qemu_pin::make_pipe();
  ASSERT_TRUE(pipe);
  EXPECT_EQ(write(pipe->writing.number(), "one ", 4), 4);
  EXPECT_EQ(write(pipe->writing.number(), "two", 3), 3);
  pipe->writing = qemu_pin::Fd();
  const auto text = read_text_file("/dev/fd/" + std::to_string(pipe->reading.number()));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "one two");
}

} // namespace
