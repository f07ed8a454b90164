#include "cuda/linalg.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "errors.h"

namespace glocal::cuda {
namespace {

constexpr int64_t kThreads = 256;
// Enough for every GPU; the kernels go round.
constexpr int64_t kMostBlocks = 2048;

std::map<std::string, CUfunction> FindKernels(FixedModules& modules) {
  const std::vector<std::string> names = {
      "linalg_stack",        "linalg_pick_columns",   "linalg_divide_columns", "linalg_divide_rows",
      "linalg_upper",        "linalg_adjoint",        "linalg_to_complex",     "linalg_real_part",
      "linalg_eigenvectors", "linalg_find_non_finite"};
  const std::vector<CUfunction> functions = modules.Functions(names);
  std::map<std::string, CUfunction> found;
  for (size_t i = 0; i < names.size(); i++) found[names[i]] = functions[i];
  return found;
}

void* Marker(intptr_t number) { return reinterpret_cast<void*>(number); }

uint64_t Parameter(int64_t number) { return static_cast<uint64_t>(number); }

}  // namespace

Linalg::Linalg(std::shared_ptr<const Context> context, FixedModules& kernels)
    : context_(std::move(context)),
      kernels_(FindKernels(kernels)),
      stream_(context_),
      memory_(std::make_shared<MatrixMemory>(context_)),
      product_(context_, stream_),
      solver_(context_, *memory_, stream_) {}

// What is destroyed after this wants the context current.
Linalg::~Linalg() { context_->MakeCurrent(); }

// --- Memory and launches ---

Matrix Linalg::Make(int64_t rows, int64_t columns, bool complex) {
  context_->MakeCurrent();
  Matrix made{nullptr, 0, rows, columns, rows, complex};
  made.memory = memory_->Take(made.numbers() * int64_t{sizeof(double)});
  made.data = made.memory->address();
  return made;
}

template <class Number>
std::shared_ptr<const DeviceMemory> Linalg::Stage(std::vector<Number> numbers) {
  const auto kept = std::make_shared<const std::vector<Number>>(std::move(numbers));
  const size_t bytes = kept->size() * sizeof(Number);
  context_->MakeCurrent();
  std::shared_ptr<const DeviceMemory> memory = memory_->Take(static_cast<int64_t>(bytes));
  staged_.push_back(kept);
  context_->Call("cuMemcpyHtoDAsync", &Driver::cuMemcpyHtoDAsync_v2, memory->address(),
                 static_cast<const void*>(kept->data()), bytes, stream_.get());
  return memory;
}

void Linalg::Synchronize() {
  stream_.Synchronize();
  staged_.clear();
}

void Linalg::Launch(const char* kernel, int64_t count, std::initializer_list<uint64_t> parameters) {
  if (count == 0) return;
  context_->MakeCurrent();
  const int64_t blocks = std::min((count + kThreads - 1) / kThreads, kMostBlocks);
  std::vector<uint64_t> packed(parameters);
  size_t bytes = packed.size() * sizeof(uint64_t);
  void* extra[] = {Marker(kLaunchParamBufferPointer), packed.data(), Marker(kLaunchParamBufferSize),
                   &bytes, Marker(kLaunchParamEnd)};
  const CUresult result =
      context_->driver().cuLaunchKernel(kernels_.at(kernel), static_cast<unsigned>(blocks), 1, 1,
                                        kThreads, 1, 1, 0, stream_.get(), nullptr, extra);
  Check(context_->driver(), result, kernel);
}

Matrix Linalg::Upload(const double* data, int64_t rows, int64_t columns, bool complex) {
  const int64_t numbers = rows * columns * (complex ? 2 : 1);
  Matrix a{Stage(std::vector<double>(data, data + numbers)), 0, rows, columns, rows, complex};
  a.data = a.memory->address();
  return a;
}

std::vector<double> Linalg::Download(const Matrix& a) {
  const Matrix dense = a.stride == a.rows || a.columns <= 1 ? a : Copy(a);
  std::vector<double> numbers(static_cast<size_t>(a.numbers()));
  context_->MakeCurrent();
  if (!numbers.empty()) {
    context_->Call("cuMemcpyDtoHAsync", &Driver::cuMemcpyDtoHAsync_v2,
                   static_cast<void*>(numbers.data()), dense.data, numbers.size() * sizeof(double),
                   stream_.get());
  }
  Synchronize();
  return numbers;
}

// --- Rearranging ---

Matrix Linalg::Slice(const Matrix& a, int64_t rows, int64_t from, int64_t to) {
  Matrix part = a;
  part.data += static_cast<CUdeviceptr>(from * a.stride * a.width()) * sizeof(double);
  part.rows = rows;
  part.columns = to - from;
  return part;
}

Matrix Linalg::StackColumns(const Matrix& a, int64_t stacks) {
  const Matrix out = Make(a.rows * stacks, a.columns - stacks + 1, a.complex);
  Launch("linalg_stack", out.numbers(),
         {a.data, Parameter(a.stride * a.width()), out.data, Parameter(a.rows * a.width()),
          Parameter(out.columns), Parameter(stacks)});
  return out;
}

Matrix Linalg::PickColumns(const Matrix& a, std::vector<int64_t> order) {
  const Matrix out = Make(a.rows, static_cast<int64_t>(order.size()), a.complex);
  const auto list = Stage(std::move(order));
  Launch("linalg_pick_columns", out.numbers(),
         {a.data, Parameter(a.stride * a.width()), out.data, Parameter(a.rows * a.width()),
          Parameter(out.columns), list->address()});
  return out;
}

Matrix Linalg::DivideColumns(const Matrix& a, std::vector<double> divisors) {
  const Matrix out = Make(a.rows, a.columns, a.complex);
  const auto list = Stage(std::move(divisors));
  Launch("linalg_divide_columns", out.numbers(),
         {a.data, Parameter(a.stride * a.width()), out.data, Parameter(a.rows * a.width()),
          Parameter(out.columns), list->address()});
  return out;
}

Matrix Linalg::DivideRows(const Matrix& a, std::vector<double> divisors) {
  const Matrix out = Make(a.rows, a.columns, a.complex);
  const auto list = Stage(std::move(divisors));
  Launch("linalg_divide_rows", out.numbers(),
         {a.data, Parameter(a.stride), out.data, Parameter(a.rows), Parameter(a.columns),
          Parameter(a.width()), list->address()});
  return out;
}

Matrix Linalg::Adjoint(const Matrix& a) {
  const Matrix out = Make(a.columns, a.rows, a.complex);
  Launch("linalg_adjoint", out.entries(),
         {a.data, Parameter(a.stride), out.data, Parameter(a.rows), Parameter(a.columns),
          Parameter(a.width())});
  return out;
}

Matrix Linalg::ToComplex(const Matrix& a) {
  if (a.complex) return a;
  const Matrix out = Make(a.rows, a.columns, true);
  Launch("linalg_to_complex", out.entries(),
         {a.data, Parameter(a.stride), out.data, Parameter(a.rows), Parameter(a.columns)});
  return out;
}

Matrix Linalg::RealPart(const Matrix& a) {
  if (!a.complex) return a;
  const Matrix out = Make(a.rows, a.columns, false);
  Launch("linalg_real_part", out.entries(),
         {a.data, Parameter(a.stride), out.data, Parameter(a.rows), Parameter(a.columns)});
  return out;
}

// --- Products and factorisations ---

Matrix Linalg::Multiply(const Matrix& a, const Matrix& b, bool adjoint) {
  const bool complex = a.complex || b.complex;
  const Matrix out = Make(adjoint ? a.columns : a.rows, b.columns, complex);
  if (complex) {
    product_.Run(ToComplex(a), adjoint, ToComplex(b), out);
  } else {
    product_.Run(a, adjoint, b, out);
  }
  return out;
}

// Routines of cuSOLVER may not return from a NaN, no more than LAPACK's.
void Linalg::RequireFinite(const Matrix& a) {
  const auto flag = Stage(std::vector<int>{0});
  Launch("linalg_find_non_finite", a.numbers(),
         {a.data, Parameter(a.stride * a.width()), Parameter(a.rows * a.width()),
          Parameter(a.columns), flag->address()});
  int found = 0;
  context_->Call("cuMemcpyDtoHAsync", &Driver::cuMemcpyDtoHAsync_v2, static_cast<void*>(&found),
                 flag->address(), sizeof(found), stream_.get());
  Synchronize();
  if (found == 0) return;
  throw CodedError(
      "GLOCAL_LINALG", "a fit within the range of float64", "an overflow",
      "Scale the trajectory, or raise rcond so that vanishing directions are dropped.");
}

Linalg::Qr Linalg::ThinQr(const Matrix& a) {
  const int64_t k = std::min(a.rows, a.columns);
  const Matrix factors = Copy(a);
  const Matrix tau = Make(k, 1, false);
  solver_.Xgeqrf(factors, tau);
  const Matrix coordinates = Make(k, a.columns, false);
  Launch("linalg_upper", coordinates.entries(),
         {factors.data, Parameter(factors.stride), coordinates.data, Parameter(k),
          Parameter(a.columns)});
  RequireFinite(coordinates);
  const Matrix basis = Slice(factors, a.rows, 0, k);
  solver_.Dorgqr(basis, tau);
  return {basis, coordinates};
}

// Xgesvd takes no matrix with fewer rows than columns.
Linalg::TallSvd Linalg::FactorTall(const Matrix& a) {
  const bool adjoint = a.rows < a.columns;
  const Matrix copy = adjoint ? Adjoint(a) : Copy(a);
  const int64_t k = copy.columns;
  const TallSvd svd{Make(copy.rows, k, a.complex), Make(k, 1, false), Make(k, k, a.complex),
                    adjoint};
  solver_.Xgesvd(copy, svd.s, svd.u, svd.vt);
  return svd;
}

Linalg::Svd Linalg::ThinSvd(const Matrix& a) {
  const TallSvd svd = FactorTall(a);
  const Matrix v = Adjoint(svd.vt);
  return {svd.adjoint ? v : svd.u, Download(svd.s), svd.adjoint ? svd.u : v};
}

Linalg::Eigen Linalg::RightEigenvectors(const Matrix& a) {
  RequireFinite(a);
  const int64_t n = a.rows;
  const Matrix values = Make(n, 1, true), packed = Make(n, n, false), vectors = Make(n, n, true);
  solver_.Xgeev(Copy(a), values, packed);
  Launch("linalg_eigenvectors", vectors.entries(),
         {values.data, packed.data, vectors.data, Parameter(n)});
  return {Download(values), vectors};
}

// X = V Σ⁺ Uᴴ B.
Matrix Linalg::LeastSquares(const Matrix& a, const Matrix& b, double cutoff) {
  RequireFinite(a);
  const TallSvd svd = FactorTall(ToComplex(a));
  std::vector<double> divisors = Download(svd.s);
  const double least = cutoff * divisors[0];
  for (double& value : divisors) {
    if (value <= least) value = std::numeric_limits<double>::infinity();
  }
  const Matrix& left = svd.adjoint ? svd.vt : svd.u;
  const Matrix parts = Multiply(left, b, !svd.adjoint);
  const Matrix scaled = DivideRows(parts, std::move(divisors));
  const Matrix x = svd.adjoint ? Multiply(svd.u, scaled, false) : Multiply(svd.vt, scaled, true);
  RequireFinite(x);
  return x;
}

}  // namespace glocal::cuda
