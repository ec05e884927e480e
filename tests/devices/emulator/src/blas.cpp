// Stands for cuBLAS: the products that CuPy's matmul and dot call for. Column-major, plain loops.
#include <complex>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

typedef std::complex<float> complex64;
typedef std::complex<double> complex128;
typedef _Float16 float16;
typedef void* Handle;
typedef int Status;
typedef int64_t Long;
enum { SUCCESS = 0, NOT_SUPPORTED = 15 };
enum Operation { AS_IT_IS, TRANSPOSED, CONJUGATED };
enum DataType { FLOAT32 = 0, FLOAT64 = 1, FLOAT16 = 2, INT8 = 3, COMPLEX64 = 4, COMPLEX128 = 5, INT32 = 10, BFLOAT16 = 14 };
enum ComputeType { COMPUTE_16F = 64, COMPUTE_16F_PEDANTIC = 65, COMPUTE_32F = 68 };

struct bfloat16 {
  uint16_t bits;
  bfloat16(float value = 0) {
    uint32_t wide;
    memcpy(&wide, &value, sizeof wide);
    bits = value != value ? 0x7fff : (wide + 0x7fff + ((wide >> 16) & 1)) >> 16;  // to nearest, ties to even
  }
  operator float() const {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
  }
};

template <class T> T conjugate(T x) { return x; }
complex64 conjugate(complex64 x) { return std::conj(x); }
complex128 conjugate(complex128 x) { return std::conj(x); }

template <class In, class T> T element(const In* a, Long ld, int operation, Long row, Long column) {
  T value = operation == AS_IT_IS ? (T)a[row + column * ld] : (T)a[column + row * ld];
  return operation == CONJUGATED ? conjugate(value) : value;
}

// C = alpha op(A) op(B) + beta C, summed in T.
template <class In, class Out, class T>
void multiply(int op_a, int op_b, int m, int n, int k, T alpha, const In* a, Long lda, const In* b, Long ldb, T beta,
              Out* c, Long ldc) {
  std::vector<T> rows((size_t)m * k), sums(m);
  for (int p = 0; p < k; ++p) {
    for (int i = 0; i < m; ++i) rows[(size_t)p * m + i] = element<In, T>(a, lda, op_a, i, p);
  }
  for (int j = 0; j < n; ++j) {
    std::fill(sums.begin(), sums.end(), T(0));
    for (int p = 0; p < k; ++p) {
      T factor = element<In, T>(b, ldb, op_b, p, j);
      for (int i = 0; i < m; ++i) sums[i] += rows[(size_t)p * m + i] * factor;
    }
    for (int i = 0; i < m; ++i) {
      Out& out = c[i + j * ldc];
      out = (Out)(alpha * sums[i] + (beta == T(0) ? T(0) : beta * (T)out));
    }
  }
}

float scale(const void* value, int compute) {
  bool half = compute == COMPUTE_16F || compute == COMPUTE_16F_PEDANTIC;
  return half ? (float)*(const float16*)value : *(const float*)value;
}

size_t size_of(int type) {
  switch (type) {
    case INT8: return 1;
    case FLOAT16: case BFLOAT16: return 2;
    case FLOAT64: case COMPLEX64: return 8;
    case COMPLEX128: return 16;
    default: return 4;
  }
}

Status multiply_typed(int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a, int in, Long lda,
                      const void* b, Long ldb, const void* beta, void* c, int out, Long ldc, int compute) {
#define CASE(IN, OUT, TIN, TOUT, T, ALPHA, BETA) \
  if (in == IN && out == OUT) { \
    multiply<TIN, TOUT, T>(op_a, op_b, m, n, k, ALPHA, (const TIN*)a, lda, (const TIN*)b, ldb, BETA, (TOUT*)c, ldc); \
    return SUCCESS; \
  }
#define SCALED(IN, OUT, TIN, TOUT) CASE(IN, OUT, TIN, TOUT, float, scale(alpha, compute), scale(beta, compute))
#define PLAIN(IN, T) CASE(IN, IN, T, T, T, *(const T*)alpha, *(const T*)beta)
  SCALED(FLOAT32, FLOAT32, float, float)
  SCALED(FLOAT16, FLOAT16, float16, float16)
  SCALED(FLOAT16, FLOAT32, float16, float)
  SCALED(BFLOAT16, BFLOAT16, bfloat16, bfloat16)
  SCALED(BFLOAT16, FLOAT32, bfloat16, float)
  PLAIN(FLOAT64, double)
  PLAIN(COMPLEX64, complex64)
  PLAIN(COMPLEX128, complex128)
  CASE(INT8, INT32, int8_t, int32_t, int32_t, *(const int32_t*)alpha, *(const int32_t*)beta)
  return NOT_SUPPORTED;
#undef CASE
#undef SCALED
#undef PLAIN
}

void* stream = nullptr;
int pointer_mode = 0, math_mode = 0;

}  // namespace

extern "C" {

Status cublasCreate_v2(Handle* handle) { return *handle = (Handle)1, SUCCESS; }
Status cublasDestroy_v2(Handle) { return SUCCESS; }
Status cublasGetVersion_v2(Handle, int* version) { return *version = 130000, SUCCESS; }
Status cublasGetPointerMode_v2(Handle, int* mode) { return *mode = pointer_mode, SUCCESS; }
Status cublasSetPointerMode_v2(Handle, int mode) { return pointer_mode = mode, SUCCESS; }
Status cublasSetStream_v2(Handle, void* to) { return stream = to, SUCCESS; }
Status cublasGetStream_v2(Handle, void** out) { return *out = stream, SUCCESS; }
Status cublasSetMathMode(Handle, int mode) { return math_mode = mode, SUCCESS; }
Status cublasGetMathMode(Handle, int* mode) { return *mode = math_mode, SUCCESS; }

#define FAMILY(P, T) \
  Status cublas##P##gemm_v2(Handle, int op_a, int op_b, int m, int n, int k, const T* alpha, const T* a, int lda, \
                            const T* b, int ldb, const T* beta, T* c, int ldc) { \
    return multiply<T, T, T>(op_a, op_b, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc), SUCCESS; \
  } \
  Status cublas##P##gemmStridedBatched(Handle, int op_a, int op_b, int m, int n, int k, const T* alpha, const T* a, \
                                       int lda, long long step_a, const T* b, int ldb, long long step_b, \
                                       const T* beta, T* c, int ldc, long long step_c, int count) { \
    for (int i = 0; i < count; ++i) { \
      multiply<T, T, T>(op_a, op_b, m, n, k, *alpha, a + i * step_a, lda, b + i * step_b, ldb, *beta, c + i * step_c, ldc); \
    } \
    return SUCCESS; \
  } \
  Status cublas##P##gemmBatched(Handle, int op_a, int op_b, int m, int n, int k, const T* alpha, const T* const* a, \
                                int lda, const T* const* b, int ldb, const T* beta, T* const* c, int ldc, int count) { \
    for (int i = 0; i < count; ++i) { \
      multiply<T, T, T>(op_a, op_b, m, n, k, *alpha, a[i], lda, b[i], ldb, *beta, c[i], ldc); \
    } \
    return SUCCESS; \
  } \
  Status cublas##P##gemv_v2(Handle, int op, int m, int n, const T* alpha, const T* a, int lda, const T* x, int step_x, \
                            const T* beta, T* y, int step_y) { \
    for (int i = 0; i < (op ? n : m); ++i) { \
      T sum(0); \
      for (int j = 0; j < (op ? m : n); ++j) sum += element<T, T>(a, lda, op, i, j) * x[(Long)j * step_x]; \
      T& out = y[(Long)i * step_y]; \
      out = *alpha * sum + (*beta == T(0) ? T(0) : *beta * out); \
    } \
    return SUCCESS; \
  } \
  Status cublas##P##geam(Handle, int op_a, int op_b, int m, int n, const T* alpha, const T* a, int lda, const T* beta, \
                         const T* b, int ldb, T* c, int ldc) { \
    for (int j = 0; j < n; ++j) { \
      for (int i = 0; i < m; ++i) { \
        T sum(0); \
        if (*alpha != T(0)) sum += *alpha * element<T, T>(a, lda, op_a, i, j); \
        if (*beta != T(0)) sum += *beta * element<T, T>(b, ldb, op_b, i, j); \
        c[i + (Long)j * ldc] = sum; \
      } \
    } \
    return SUCCESS; \
  }
FAMILY(S, float)
FAMILY(D, double)
FAMILY(C, complex64)
FAMILY(Z, complex128)

#define DOT(NAME, T, FIRST) \
  Status NAME(Handle, int n, const T* x, int step_x, const T* y, int step_y, T* result) { \
    T sum(0); \
    for (int i = 0; i < n; ++i) sum += FIRST(x[(Long)i * step_x]) * y[(Long)i * step_y]; \
    return *result = sum, SUCCESS; \
  }
DOT(cublasSdot_v2, float, )
DOT(cublasDdot_v2, double, )
DOT(cublasCdotu_v2, complex64, )
DOT(cublasCdotc_v2, complex64, conjugate)
DOT(cublasZdotu_v2, complex128, )
DOT(cublasZdotc_v2, complex128, conjugate)

Status cublasSgemmEx(Handle, int op_a, int op_b, int m, int n, int k, const float* alpha, const void* a, int in, int lda,
                     const void* b, int, int ldb, const float* beta, void* c, int out, int ldc) {
  return multiply_typed(op_a, op_b, m, n, k, alpha, a, in, lda, b, ldb, beta, c, out, ldc, COMPUTE_32F);
}
Status cublasGemmEx(Handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a, int in, int lda,
                    const void* b, int, int ldb, const void* beta, void* c, int out, int ldc, int compute, int) {
  return multiply_typed(op_a, op_b, m, n, k, alpha, a, in, lda, b, ldb, beta, c, out, ldc, compute);
}
Status cublasGemmStridedBatchedEx(Handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
                                  int in, int lda, long long step_a, const void* b, int, int ldb, long long step_b,
                                  const void* beta, void* c, int out, int ldc, long long step_c, int count, int compute,
                                  int) {
  for (int i = 0; i < count; ++i) {
    const char *at_a = (const char*)a + i * step_a * size_of(in), *at_b = (const char*)b + i * step_b * size_of(in);
    char* at_c = (char*)c + i * step_c * size_of(out);
    Status status = multiply_typed(op_a, op_b, m, n, k, alpha, at_a, in, lda, at_b, ldb, beta, at_c, out, ldc, compute);
    if (status) return status;
  }
  return SUCCESS;
}
}
