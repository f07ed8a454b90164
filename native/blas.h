// The few functions of OpenBLAS that we call, declared here so that a build
// needs its library but none of its headers.
#pragma once

#include <cstddef>

extern "C" {

enum CblasOrder : int { CblasRowMajor = 101, CblasColMajor = 102 };
enum CblasTranspose : int { CblasNoTrans = 111, CblasTrans = 112 };

void cblas_sgemm(CblasOrder order, CblasTranspose trans_a, CblasTranspose trans_b, int m, int n,
                 int k, float alpha, const float* a, int lda, const float* b, int ldb, float beta,
                 float* c, int ldc);
void cblas_dgemm(CblasOrder order, CblasTranspose trans_a, CblasTranspose trans_b, int m, int n,
                 int k, double alpha, const double* a, int lda, const double* b, int ldb,
                 double beta, double* c, int ldc);

void openblas_set_num_threads(int threads);
char* openblas_get_config();
char* openblas_get_corename();

// LAPACK as gfortran compiles it: the lengths of character arguments come last, by value.
void dgesvd_(const char* jobu, const char* jobvt, const int* m, const int* n, double* a,
             const int* lda, double* s, double* u, const int* ldu, double* vt, const int* ldvt,
             double* work, const int* lwork, int* info, size_t jobu_length, size_t jobvt_length);
void dgeev_(const char* jobvl, const char* jobvr, const int* n, double* a, const int* lda,
            double* wr, double* wi, double* vl, const int* ldvl, double* vr, const int* ldvr,
            double* work, const int* lwork, int* info, size_t jobvl_length, size_t jobvr_length);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work,
             const int* lwork, int* info);
void dorgqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau,
             double* work, const int* lwork, int* info);
// Complex numbers are pairs of doubles.
void zgesvd_(const char* jobu, const char* jobvt, const int* m, const int* n, double* a,
             const int* lda, double* s, double* u, const int* ldu, double* vt, const int* ldvt,
             double* work, const int* lwork, double* rwork, int* info, size_t jobu_length,
             size_t jobvt_length);
void zgeev_(const char* jobvl, const char* jobvr, const int* n, double* a, const int* lda,
            double* w, double* vl, const int* ldvl, double* vr, const int* ldvr, double* work,
            const int* lwork, double* rwork, int* info, size_t jobvl_length, size_t jobvr_length);
void zgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work,
             const int* lwork, int* info);
void zungqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau,
             double* work, const int* lwork, int* info);
void zgees_(const char* jobvs, const char* sort, int (*select)(const double*), const int* n,
            double* a, const int* lda, int* sdim, double* w, double* vs, const int* ldvs,
            double* work, const int* lwork, double* rwork, int* bwork, int* info,
            size_t jobvs_length, size_t sort_length);
void ztrexc_(const char* compq, const int* n, double* t, const int* ldt, double* q, const int* ldq,
             const int* ifst, const int* ilst, int* info, size_t compq_length);
void ztrsyl_(const char* trana, const char* tranb, const int* isgn, const int* m, const int* n,
             const double* a, const int* lda, const double* b, const int* ldb, double* c,
             const int* ldc, double* scale, int* info, size_t trana_length, size_t tranb_length);
void zgelsd_(const int* m, const int* n, const int* nrhs, double* a, const int* lda, double* b,
             const int* ldb, double* s, const double* rcond, int* rank, double* work,
             const int* lwork, double* rwork, int* iwork, int* info);
}
