// What a compiled module and the executing driver know of each other. Included by the text of every
// kernel, so it includes nothing itself.
#pragma once

struct MockSize3 {
  unsigned x, y, z;
};

// Where the thread that runs right now is.
struct MockHere {
  MockSize3 thread, block, block_size, grid_size;
};

// Does an exchange within a warp for all its lanes at once. `lanes` has 32 records, null for those
// that take no part.
using MockCombine = void (*)(void* const* lanes);

struct MockServices {
  void (*block_barrier)(const char* file, int line);
  // Returns when every living lane of the mask has come and `combine` has been called on all.
  void (*warp_exchange)(unsigned mask, MockCombine combine, void* mine, const char* file, int line);
};

struct MockKernel {
  void (*run)(const char* parameters);
  const int* parameter_sizes;  // bytes, ended by a zero
  int max_threads;             // of __launch_bounds__; 1024 without
};
