#include "linalg.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "blas.h"

namespace glocal::linalg {
namespace {

void Check(const char* routine, int info) {
  if (info != 0) throw LapackError(routine, info);
}

std::string Reason(const std::string& routine, int info) {
  if (info < 0) {
    return "Expected " + routine +
           " to accept its arguments, but received info = " + std::to_string(info) + " (argument " +
           std::to_string(-info) + " is invalid).";
  }
  return "Expected " + routine + " to converge, but received info = " + std::to_string(info) + ".";
}

// LAPACK answers a query for its workspace with a size in a double.
int WorkSize(double answer) { return std::max(1, static_cast<int>(std::ceil(answer))); }

}  // namespace

LapackError::LapackError(const std::string& routine, int info)
    : std::runtime_error(Reason(routine, info)) {}

Svd ThinSvd(const double* a, int m, int n) {
  const int k = std::min(m, n);
  Svd result;
  result.u.resize(static_cast<size_t>(m) * k);
  result.s.resize(k);
  result.vt.resize(static_cast<size_t>(k) * n);
  if (k == 0) return result;
  std::vector<double> copy(a, a + static_cast<size_t>(m) * n);
  int info = 0;
  int size = -1;
  double answer = 0;
  const auto run = [&](double* work) {
    dgesvd_("S", "S", &m, &n, copy.data(), &m, result.s.data(), result.u.data(), &m,
            result.vt.data(), &k, work, &size, &info, 1, 1);
    Check("dgesvd", info);
  };
  run(&answer);
  size = WorkSize(answer);
  std::vector<double> work(size);
  run(work.data());
  return result;
}

Qr ThinQr(const double* a, int m, int n) {
  const int k = std::min(m, n);
  Qr result;
  result.r.resize(static_cast<size_t>(k) * n);
  if (k == 0) return result;
  std::vector<double> factors(a, a + static_cast<size_t>(m) * n);
  std::vector<double> tau(k);
  int info = 0;
  int size = -1;
  double answer[2] = {0, 0};
  const auto factor = [&](double* work) {
    dgeqrf_(&m, &n, factors.data(), &m, tau.data(), work, &size, &info);
    Check("dgeqrf", info);
  };
  const auto expand = [&](double* work) {
    dorgqr_(&m, &k, &k, factors.data(), &m, tau.data(), work, &size, &info);
    Check("dorgqr", info);
  };
  factor(&answer[0]);
  expand(&answer[1]);
  size = std::max(WorkSize(answer[0]), WorkSize(answer[1]));
  std::vector<double> work(size);
  factor(work.data());
  for (int j = 0; j < n; ++j) {
    std::copy_n(factors.data() + static_cast<size_t>(j) * m, std::min(j + 1, k),
                result.r.data() + static_cast<size_t>(j) * k);
  }
  expand(work.data());
  factors.resize(static_cast<size_t>(m) * k);
  result.q = std::move(factors);
  return result;
}

Eigen RightEigenvectors(const double* a, int n) {
  Eigen result;
  const size_t order = static_cast<size_t>(n);
  result.values.resize(2 * order);
  result.vectors.resize(2 * order * order);
  if (n == 0) return result;
  std::vector<double> copy(a, a + order * order);
  std::vector<double> real(order), imaginary(order), vectors(order * order);
  const int one = 1;
  double unused = 0;
  int info = 0;
  int size = -1;
  double answer = 0;
  const auto run = [&](double* work) {
    dgeev_("N", "V", &n, copy.data(), &n, real.data(), imaginary.data(), &unused, &one,
           vectors.data(), &n, work, &size, &info, 1, 1);
    Check("dgeev", info);
  };
  run(&answer);
  size = WorkSize(answer);
  std::vector<double> work(size);
  run(work.data());

  // A conjugate pair shares two columns: the real and the imaginary part of the first's vector.
  for (size_t j = 0; j < order; ++j) {
    result.values[2 * j] = real[j];
    result.values[2 * j + 1] = imaginary[j];
    const bool complex = imaginary[j] != 0;
    const bool second = imaginary[j] < 0;
    const double* real_part = vectors.data() + (second ? j - 1 : j) * order;
    const double sign = second ? -1 : 1;
    double* to = result.vectors.data() + 2 * j * order;
    for (size_t i = 0; i < order; ++i) {
      to[2 * i] = real_part[i];
      to[2 * i + 1] = complex ? sign * real_part[order + i] : 0;
    }
  }
  return result;
}

std::vector<double> ComplexLeastSquares(const double* a, int m, int n, const double* b,
                                        double rcond) {
  std::vector<double> x(2 * static_cast<size_t>(std::max(m, n)), 0.0);
  if (m > 0 && n > 0) {
    std::vector<double> copy(a, a + 2 * static_cast<size_t>(m) * n);
    std::copy_n(b, 2 * static_cast<size_t>(m), x.begin());
    std::vector<double> s(std::min(m, n));
    const int one = 1;
    const int rows = std::max(m, n);
    int rank = 0;
    int info = 0;
    int size = -1;
    double answer[2] = {0, 0};
    double real_size = 0;
    int integer_size = 0;
    const auto run = [&](double* work, double* real_work, int* integer_work) {
      zgelsd_(&m, &n, &one, copy.data(), &m, x.data(), &rows, s.data(), &rcond, &rank, work, &size,
              real_work, integer_work, &info);
      Check("zgelsd", info);
    };
    run(answer, &real_size, &integer_size);
    size = WorkSize(answer[0]);
    std::vector<double> work(2 * static_cast<size_t>(size));
    std::vector<double> real_work(WorkSize(real_size));
    std::vector<int> integer_work(std::max(1, integer_size));
    run(work.data(), real_work.data(), integer_work.data());
  }
  x.resize(2 * static_cast<size_t>(n));
  return x;
}

}  // namespace glocal::linalg
