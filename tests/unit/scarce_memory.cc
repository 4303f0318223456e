/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scarce_memory.h"

#include <cstdlib>
#include <new>

std::atomic<int> allocations_left{-1};

void *operator new(std::size_t size) {
  const int left = allocations_left.load();
  if (left > 0)
    allocations_left.store(left - 1);
  void *memory = left == 0 ? nullptr : std::malloc(size);
  if (memory == nullptr)
    throw std::bad_alloc();
  return memory;
}

void operator delete(void *memory) noexcept {
  std::free(memory);
}
void operator delete(void *memory, std::size_t) noexcept {
  std::free(memory);
}
