#include "linalg.h"

#include <algorithm>
#include <cmath>
#include <numeric>
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

void Multiply(const double* a, const double* b, int m, int k, int n, bool transposed, double* c) {
  if (m == 0 || n == 0) return;
  const int rows = transposed ? k : m;
  cblas_dgemm(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, m, n, k, 1.0, a,
              std::max(rows, 1), b, std::max(k, 1), 0.0, c, m);
}

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

Svd ComplexThinSvd(const double* a, int m, int n) {
  const int k = std::min(m, n);
  Svd result;
  result.u.resize(2 * static_cast<size_t>(m) * k);
  result.s.resize(k);
  result.vt.resize(2 * static_cast<size_t>(k) * n);
  if (k == 0) return result;
  std::vector<double> copy(a, a + 2 * static_cast<size_t>(m) * n);
  std::vector<double> real_work(5 * static_cast<size_t>(k));
  int info = 0;
  int size = -1;
  double answer[2] = {0, 0};
  const auto run = [&](double* work) {
    zgesvd_("S", "S", &m, &n, copy.data(), &m, result.s.data(), result.u.data(), &m,
            result.vt.data(), &k, work, &size, real_work.data(), &info, 1, 1);
    Check("zgesvd", info);
  };
  run(answer);
  size = WorkSize(answer[0]);
  std::vector<double> work(2 * static_cast<size_t>(size));
  run(work.data());
  return result;
}

Qr ComplexThinQr(const double* a, int m, int n) {
  const int k = std::min(m, n);
  Qr result;
  result.r.resize(2 * static_cast<size_t>(k) * n);
  if (k == 0) return result;
  std::vector<double> factors(a, a + 2 * static_cast<size_t>(m) * n);
  std::vector<double> tau(2 * static_cast<size_t>(k));
  int info = 0;
  int size = -1;
  double answer[4] = {0, 0, 0, 0};
  const auto factor = [&](double* work) {
    zgeqrf_(&m, &n, factors.data(), &m, tau.data(), work, &size, &info);
    Check("zgeqrf", info);
  };
  const auto expand = [&](double* work) {
    zungqr_(&m, &k, &k, factors.data(), &m, tau.data(), work, &size, &info);
    Check("zungqr", info);
  };
  factor(answer);
  expand(answer + 2);
  size = std::max(WorkSize(answer[0]), WorkSize(answer[2]));
  std::vector<double> work(2 * static_cast<size_t>(size));
  factor(work.data());
  for (int j = 0; j < n; ++j) {
    std::copy_n(factors.data() + 2 * static_cast<size_t>(j) * m, 2 * std::min(j + 1, k),
                result.r.data() + 2 * static_cast<size_t>(j) * k);
  }
  expand(work.data());
  factors.resize(2 * static_cast<size_t>(m) * k);
  result.q = std::move(factors);
  return result;
}

Eigen ComplexRightEigenvectors(const double* a, int n) {
  Eigen result;
  const size_t order = static_cast<size_t>(n);
  result.values.resize(2 * order);
  result.vectors.resize(2 * order * order);
  if (n == 0) return result;
  std::vector<double> copy(a, a + 2 * order * order);
  std::vector<double> real_work(2 * order);
  const int one = 1;
  double unused[2] = {0, 0};
  int info = 0;
  int size = -1;
  double answer[2] = {0, 0};
  const auto run = [&](double* work) {
    zgeev_("N", "V", &n, copy.data(), &n, result.values.data(), unused, &one, result.vectors.data(),
           &n, work, &size, real_work.data(), &info, 1, 1);
    Check("zgeev", info);
  };
  run(answer);
  size = WorkSize(answer[0]);
  std::vector<double> work(2 * static_cast<size_t>(size));
  run(work.data());
  return result;
}

Schur ComplexSchur(const double* a, int n) {
  Schur result;
  const size_t order = static_cast<size_t>(n);
  result.t.assign(a, a + 2 * order * order);
  result.z.resize(2 * order * order);
  if (n == 0) return result;
  std::vector<double> values(2 * order), real_work(order);
  int unused = 0;
  int info = 0;
  int size = -1;
  double answer[2] = {0, 0};
  const auto run = [&](double* work) {
    zgees_("V", "N", nullptr, &n, result.t.data(), &n, &unused, values.data(), result.z.data(), &n,
           work, &size, real_work.data(), &unused, &info, 1, 1);
    Check("zgees", info);
  };
  run(answer);
  size = WorkSize(answer[0]);
  std::vector<double> work(2 * static_cast<size_t>(size));
  run(work.data());
  return result;
}

Schur ReorderedSchur(Schur schur, int n, const std::vector<int>& order) {
  std::vector<int> now(n);
  std::iota(now.begin(), now.end(), 0);
  for (int to = 0; to < n; ++to) {
    const auto found = std::find(now.begin() + to, now.end(), order[to]);
    const int first = static_cast<int>(found - now.begin()) + 1;
    const int last = to + 1;
    int info = 0;
    ztrexc_("V", &n, schur.t.data(), &n, schur.z.data(), &n, &first, &last, &info, 1);
    Check("ztrexc", info);
    std::rotate(now.begin() + to, found, found + 1);
  }
  return schur;
}

std::vector<double> TriangularSylvester(const double* a, int m, const double* b, int n,
                                        const double* c) {
  std::vector<double> x(c, c + 2 * static_cast<size_t>(m) * n);
  if (x.empty()) return x;
  const int minus = -1;
  double scale = 1;
  int info = 0;
  ztrsyl_("N", "N", &minus, &m, &n, a, &m, b, &n, x.data(), &m, &scale, &info, 1, 1);
  // info = 1: A and B share an eigenvalue, and LAPACK solved a system beside it.
  Check("ztrsyl", info);
  for (double& entry : x) entry /= scale;
  return x;
}

std::vector<double> ComplexLeastSquares(const double* a, int m, int n, const double* b, int sides,
                                        double rcond) {
  const int rows = std::max(m, n);
  std::vector<double> x(2 * static_cast<size_t>(rows) * sides, 0.0);
  if (m > 0 && n > 0 && sides > 0) {
    std::vector<double> copy(a, a + 2 * static_cast<size_t>(m) * n);
    for (int j = 0; j < sides; ++j) {
      std::copy_n(b + 2 * static_cast<size_t>(j) * m, 2 * static_cast<size_t>(m),
                  x.begin() + 2 * static_cast<size_t>(j) * rows);
    }
    std::vector<double> s(std::min(m, n));
    int rank = 0;
    int info = 0;
    int size = -1;
    double answer[2] = {0, 0};
    double real_size = 0;
    int integer_size = 0;
    const auto run = [&](double* work, double* real_work, int* integer_work) {
      zgelsd_(&m, &n, &sides, copy.data(), &m, x.data(), &rows, s.data(), &rcond, &rank, work,
              &size, real_work, integer_work, &info);
      Check("zgelsd", info);
    };
    run(answer, &real_size, &integer_size);
    size = WorkSize(answer[0]);
    std::vector<double> work(2 * static_cast<size_t>(size));
    std::vector<double> real_work(WorkSize(real_size));
    std::vector<int> integer_work(std::max(1, integer_size));
    run(work.data(), real_work.data(), integer_work.data());
  }
  std::vector<double> result(2 * static_cast<size_t>(n) * sides);
  for (int j = 0; j < sides; ++j) {
    std::copy_n(x.begin() + 2 * static_cast<size_t>(j) * rows, 2 * static_cast<size_t>(n),
                result.begin() + 2 * static_cast<size_t>(j) * n);
  }
  return result;
}

}  // namespace glocal::linalg
