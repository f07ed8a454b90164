// cuSOLVER: singular values, eigenvalues, QR.
#include <algorithm>
#include <cmath>
#include <complex>

#include "cuda.h"

namespace {

constexpr int kReal64 = 1, kComplex64 = 5;
constexpr int kInvalidValue = 3, kInternalError = 7, kNotSupported = 9;

struct Solver {
  explicit Solver(void* stream) {
    EXPECT(cusolverDnCreate(&handle), 0);
    EXPECT(cusolverDnSetStream(handle, stream), 0);
  }
  ~Solver() { cusolverDnDestroy(handle); }
  void* handle = nullptr;
};

std::vector<double> Numbers(int count) {
  std::vector<double> numbers(count);
  for (int i = 0; i < count; ++i) numbers[i] = std::sin(1.0 + i * i);
  return numbers;
}

// A rotation by 90 degrees and a stretching by 2 and by 3, column-major.
const std::vector<double> kRotation = {0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3};

int Eigenvalues(const Solver& solver, int type_w, int job_vl, std::vector<double>* values) {
  const Array<double> a(kRotation), w(8, kNew), vr(16, kNew);
  const Array<int> info(1, kNew);
  size_t on_device = 0, on_host = 0;
  const int status = cusolverDnXgeev_bufferSize(
      solver.handle, nullptr, job_vl, 1, 4, kReal64, a.pointer(), 4, type_w, w.pointer(), kReal64,
      nullptr, 1, kReal64, vr.pointer(), 4, kReal64, &on_device, &on_host);
  if (status != 0) return status;
  EXPECT(on_device > 0 && on_host > 0, 1);
  const Array<char> work(on_device, kNew);
  std::vector<char> host(on_host);
  const auto run = [&](size_t bytes) {
    return cusolverDnXgeev(solver.handle, nullptr, job_vl, 1, 4, kReal64, a.pointer(), 4, type_w,
                           w.pointer(), kReal64, nullptr, 1, kReal64, vr.pointer(), 4, kReal64,
                           work.pointer(), bytes, host.data(), on_host, info.pointer());
  };
  EXPECT(run(on_device - 1), kInvalidValue);
  EXPECT(run(on_device), 0);
  EXPECT(info.Read()[0], 0);
  *values = w.Read();
  return 0;
}

}  // namespace

TEST(singular_values) {
  Session session;
  const Solver solver(session.stream);
  const int m = 6, n = 4;
  const std::vector<double> matrix = Numbers(m * n);
  const Array<double> a(matrix), s(n, kNew), u(m * n, kNew), vt(n * n, kNew);
  const Array<int> info(1, kNew);
  size_t on_device = 0, on_host = 0;
  EXPECT(cusolverDnXgesvd_bufferSize(solver.handle, nullptr, 'S', 'A', n, m, kReal64, a.pointer(),
                                     n, kReal64, s.pointer(), kReal64, u.pointer(), n, kReal64,
                                     vt.pointer(), m, kReal64, &on_device, &on_host),
         kInvalidValue);  // more columns than rows
  EXPECT(cusolverDnXgesvd_bufferSize(solver.handle, nullptr, 'S', 'A', m, n, kReal64, a.pointer(),
                                     m, kReal64, s.pointer(), kReal64, u.pointer(), m, kReal64,
                                     vt.pointer(), n, kReal64, &on_device, &on_host),
         0);
  const Array<char> work(on_device, kNew);
  const auto run = [&] {
    return cusolverDnXgesvd(solver.handle, nullptr, 'S', 'A', m, n, kReal64, a.pointer(), m,
                            kReal64, s.pointer(), kReal64, u.pointer(), m, kReal64, vt.pointer(), n,
                            kReal64, work.pointer(), on_device, nullptr, on_host, info.pointer());
  };
  EXPECT(cuStreamBeginCapture_v2(session.stream, 2), 0);
  EXPECT(run(), kInternalError);
  void* graph = nullptr;
  EXPECT(cuStreamEndCapture(session.stream, &graph), 901);
  EXPECT(run(), 0);
  EXPECT(info.Read()[0], 0);
  const std::vector<double> singular = s.Read(), left = u.Read(), right = vt.Read();
  for (int row = 0; row < m; ++row) {
    for (int column = 0; column < n; ++column) {
      double sum = 0;
      for (int i = 0; i < n; ++i) {
        sum += left[row + i * m] * singular[i] * right[i + column * n];
      }
      Expect("element", sum, matrix[row + column * m], 1e-13);
    }
  }
}

TEST(eigenvalues) {
  Session session;
  const Solver solver(session.stream);
  std::vector<double> w;
  EXPECT(Eigenvalues(solver, kReal64, 0, &w), 0);  // real parts, then imaginary ones
  std::vector<std::complex<double>> split, pairs;
  for (int i = 0; i < 4; ++i) split.push_back({w[i], w[4 + i]});
  EXPECT(Eigenvalues(solver, kComplex64, 0, &w), 0);
  for (int i = 0; i < 4; ++i) pairs.push_back({w[2 * i], w[2 * i + 1]});
  const std::complex<double> expected[] = {{0, 1}, {0, -1}, {2, 0}, {3, 0}};
  for (const auto& value : expected) {
    for (const auto* found : {&split, &pairs}) {
      const bool there = std::any_of(found->begin(), found->end(), [&](std::complex<double> x) {
        return std::abs(x - value) < 1e-14;
      });
      Expect("eigenvalue is there", there, 1);
    }
  }
  EXPECT(Eigenvalues(solver, kReal64, 1, &w), kInvalidValue);  // left vectors
  EXPECT(Eigenvalues(solver, 0, 0, &w), kNotSupported);        // W in float32
}

TEST(qr) {
  Session session;
  const Solver solver(session.stream);
  const int m = 5, n = 3;
  const std::vector<double> matrix = Numbers(m * n);
  const Array<double> a(matrix), tau(n, kNew);
  const Array<int> info(1, kNew);
  size_t on_device = 0, on_host = 0;
  EXPECT(cusolverDnXgeqrf_bufferSize(solver.handle, nullptr, m, n, kReal64, a.pointer(), m, kReal64,
                                     tau.pointer(), kReal64, &on_device, &on_host),
         0);
  const Array<char> work(on_device, kNew);
  EXPECT(cusolverDnXgeqrf(solver.handle, nullptr, m, n, kReal64, a.pointer(), m, kReal64,
                          tau.pointer(), kReal64, work.pointer(), on_device, nullptr, on_host,
                          info.pointer()),
         0);
  const std::vector<double> r = a.Read();
  int count = 0;
  EXPECT(cusolverDnDorgqr_bufferSize(solver.handle, m, n, n, a.pointer(), m, tau.pointer(), &count),
         0);
  const Array<double> more(static_cast<size_t>(count), kNew);
  EXPECT(cusolverDnDorgqr(solver.handle, m, n, n, a.pointer(), m, tau.pointer(), more.pointer(),
                          count, info.pointer()),
         0);
  EXPECT(info.Read()[0], 0);
  const std::vector<double> q = a.Read();
  for (int row = 0; row < m; ++row) {
    for (int column = 0; column < n; ++column) {
      double sum = 0;
      for (int i = 0; i <= column; ++i) sum += q[row + i * m] * r[i + column * m];
      Expect("element", sum, matrix[row + column * m], 1e-14);
    }
  }
}
