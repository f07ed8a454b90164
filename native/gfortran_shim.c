// The two functions of libgfortran that the LAPACK inside OpenBLAS calls, so
// that the addon does not depend on that library.
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

// dest = first // second, cut or padded with blanks to dest_length.
void _gfortran_concat_string(size_t dest_length, char* dest, size_t first_length, const char* first,
                             size_t second_length, const char* second) {
  const size_t head = first_length < dest_length ? first_length : dest_length;
  const size_t room = dest_length - head;
  const size_t tail = second_length < room ? second_length : room;
  memcpy(dest, first, head);
  memcpy(dest + head, second, tail);
  memset(dest + head + tail, ' ', room - tail);
}

// gfortran's descriptor of a one-dimensional REAL(4) array.
struct RealArray {
  float* base;
  size_t offset;
  struct {
    size_t element_bytes;
    int version;
    signed char rank;
    signed char type;
    signed short attribute;
  } dtype;
  ptrdiff_t span;
  struct {
    ptrdiff_t stride, lower_bound, upper_bound;
  } dim[1];
};

static float Seconds(struct timeval t) { return (float)t.tv_sec + 1e-6f * (float)t.tv_usec; }

// Processor seconds of this process: (user, system) in the array, their sum as the result.
float _gfortran_etime(struct RealArray* times) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const float user = Seconds(usage.ru_utime);
  const float system = Seconds(usage.ru_stime);
  times->base[0] = user;
  times->base[times->dim[0].stride] = system;
  return user + system;
}
