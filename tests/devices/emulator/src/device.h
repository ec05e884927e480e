// Included before every kernel source: makes CUDA C++ device code compile as host C++17.
//
// A kernel becomes a plain function of one thread. driver.cpp runs it for each thread of each block, on a stack of its own
// when the source uses barriers or talks within a warp.
#pragma once
#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#define __CUDACC_VER_MAJOR__ 13
#define __CUDACC_VER_MINOR__ 0
#include <vector_functions.h>
#include <vector_types.h>

// The half headers define the qualifiers for a host compiler in their own way: undone before and after.
#undef __constant__
#undef __device__
#undef __forceinline__
#undef __global__
#undef __host__
#undef __launch_bounds__
#undef __managed__
#undef __noinline__
#undef __shared__
#define __constant__
#define __device__
#define __forceinline__ inline
#define __global__
#define __host__
#define __launch_bounds__(...)
#define __managed__
#define __noinline__
#define __shared__ static
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#undef __device__
#undef __forceinline__
#undef __global__
#undef __host__
#undef __shared__
#define __device__
#define __forceinline__ inline
#define __global__
#define __host__
#define __shared__ static

// -- where a thread is, and its barriers (driver.cpp) ----------------------------------------------------------------

struct EmulatorIndex {
  unsigned x, y, z;
};

extern "C" {
extern EmulatorIndex emulator_thread, emulator_block, emulator_block_size, emulator_grid_size;
extern char* emulator_shared_memory;
void emulator_block_barrier();
void emulator_warp_barrier();
void emulator_warp_put(const void* value, unsigned bytes);
void emulator_warp_get(void* value, unsigned bytes, unsigned lane);
unsigned emulator_warp_ballot(unsigned mask, int predicate);
unsigned emulator_lane();
void emulator_run_block(void (*body)(void*), void* argument, int own_stacks);
}

#define threadIdx emulator_thread
#define blockIdx emulator_block
#define blockDim emulator_block_size
#define gridDim emulator_grid_size
#define warpSize 32

static inline void __syncthreads() { emulator_block_barrier(); }
static inline void __syncwarp(unsigned = 0xffffffffu) { emulator_warp_barrier(); }
static inline void __threadfence() {}
static inline void __threadfence_block() {}
static inline void __threadfence_system() {}

template <class T> T emulator_from_lane(T value, unsigned lane) {
  static_assert(sizeof(T) <= 16, "a warp exchanges at most 16 bytes at a time");
  emulator_warp_put(&value, sizeof value);
  T theirs;
  emulator_warp_get(&theirs, sizeof theirs, lane);
  return theirs;
}
template <class T> T __shfl_sync(unsigned, T value, int lane, int width = 32) {
  unsigned me = emulator_lane();
  return emulator_from_lane(value, (me & ~(width - 1)) | (lane & (width - 1)));
}
template <class T> T __shfl_xor_sync(unsigned, T value, int mask, int width = 32) {
  unsigned me = emulator_lane(), other = me ^ mask;
  return emulator_from_lane(value, (other & ~(width - 1)) > (me & ~(width - 1)) ? me : other);
}
template <class T> T __shfl_down_sync(unsigned, T value, unsigned by, int width = 32) {
  unsigned me = emulator_lane();
  return emulator_from_lane(value, (me & (width - 1)) + by >= (unsigned)width ? me : me + by);
}
template <class T> T __shfl_up_sync(unsigned, T value, unsigned by, int width = 32) {
  unsigned me = emulator_lane();
  return emulator_from_lane(value, (me & (width - 1)) < by ? me : me - by);
}
static inline unsigned __ballot_sync(unsigned mask, int p) { return emulator_warp_ballot(mask, p); }
static inline int __any_sync(unsigned mask, int p) { return emulator_warp_ballot(mask, p) != 0; }
static inline int __all_sync(unsigned mask, int p) { return emulator_warp_ballot(mask, !p) == 0; }
static inline unsigned __activemask() { return 0xffffffffu; }

// -- atomics: one thread runs at a time, so that reading and writing cannot be interrupted ------------------------------

// Overloads for the types that CUDA has, no others: what a GPU would refuse must not compile here.
#define EMULATOR_ATOMIC(NAME, T, NEXT) \
  inline T NAME(T* at, T value) { \
    T old = *at; \
    *at = (NEXT); \
    return old; \
  }
#define EMULATOR_INTEGER_ATOMICS(T) \
  EMULATOR_ATOMIC(atomicMax, T, value > old ? value : old) \
  EMULATOR_ATOMIC(atomicMin, T, value < old ? value : old) \
  EMULATOR_ATOMIC(atomicAnd, T, old & value) \
  EMULATOR_ATOMIC(atomicOr, T, old | value) \
  EMULATOR_ATOMIC(atomicXor, T, old ^ value)
EMULATOR_INTEGER_ATOMICS(int)
EMULATOR_INTEGER_ATOMICS(unsigned)
EMULATOR_INTEGER_ATOMICS(long long)
EMULATOR_INTEGER_ATOMICS(unsigned long long)
EMULATOR_ATOMIC(atomicAdd, int, (int)((unsigned)old + (unsigned)value))
EMULATOR_ATOMIC(atomicAdd, unsigned, old + value)
EMULATOR_ATOMIC(atomicAdd, unsigned long long, old + value)
EMULATOR_ATOMIC(atomicAdd, float, old + value)
EMULATOR_ATOMIC(atomicAdd, double, old + value)
EMULATOR_ATOMIC(atomicSub, int, (int)((unsigned)old - (unsigned)value))
EMULATOR_ATOMIC(atomicSub, unsigned, old - value)
EMULATOR_ATOMIC(atomicExch, int, value)
EMULATOR_ATOMIC(atomicExch, unsigned, value)
EMULATOR_ATOMIC(atomicExch, unsigned long long, value)
EMULATOR_ATOMIC(atomicExch, float, value)
EMULATOR_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)
#define EMULATOR_COMPARE_AND_SWAP(T) \
  inline T atomicCAS(T* at, T expected, T value) { \
    T old = *at; \
    if (old == expected) *at = value; \
    return old; \
  }
EMULATOR_COMPARE_AND_SWAP(int)
EMULATOR_COMPARE_AND_SWAP(unsigned)
EMULATOR_COMPARE_AND_SWAP(unsigned long long)

// -- bits and conversions ----------------------------------------------------------------------------------------------

template <class To, class From> static inline To emulator_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "bits are kept");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
static inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __ffsll(long long x) { return __builtin_ffsll(x); }
static inline float __int_as_float(int x) { return emulator_bits<float>(x); }
static inline int __float_as_int(float x) { return emulator_bits<int>(x); }
static inline float __uint_as_float(unsigned x) { return emulator_bits<float>(x); }
static inline unsigned __float_as_uint(float x) { return emulator_bits<unsigned>(x); }
static inline double __longlong_as_double(long long x) { return emulator_bits<double>(x); }
static inline long long __double_as_longlong(double x) { return emulator_bits<long long>(x); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((unsigned long long)a * b) >> 32); }
static inline int __mulhi(int a, int b) { return (int)(((long long)a * b) >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
static inline int __double2hiint(double x) { return (int)(emulator_bits<unsigned long long>(x) >> 32); }
static inline int __double2loint(double x) { return (int)emulator_bits<unsigned long long>(x); }
static inline double __hiloint2double(int high, int low) {
  return emulator_bits<double>(((unsigned long long)(unsigned)high << 32) | (unsigned)low);
}
static inline long long __float2ll_rn(float x) { return llrintf(x); }
static inline long long __double2ll_rn(double x) { return llrint(x); }
static inline int __float2int_rn(float x) { return (int)lrintf(x); }
static inline int __double2int_rn(double x) { return (int)lrint(x); }
static inline int __float2int_rz(float x) { return (int)x; }
static inline float __int2float_rn(int x) { return (float)x; }
static inline float __ll2float_rn(long long x) { return (float)x; }
static inline double __ll2double_rn(long long x) { return (double)x; }
template <class T> static inline T __ldg(const T* at) { return *at; }

// -- mathematics -------------------------------------------------------------------------------------------------------

// CUDA overloads these for float and double in the global namespace; C's own take double, and C's abs takes int.
using std::abs;
using std::acos; using std::acosh; using std::asin; using std::asinh; using std::atan; using std::atan2; using std::atanh;
using std::cbrt; using std::ceil; using std::copysign; using std::cos; using std::cosh; using std::erf; using std::erfc;
using std::exp; using std::exp2; using std::expm1; using std::fabs; using std::floor; using std::fma; using std::fmax;
using std::fmin; using std::fmod; using std::frexp; using std::hypot; using std::isfinite; using std::isinf;
using std::isnan; using std::ldexp; using std::lgamma; using std::log; using std::log10; using std::log1p;
using std::log2; using std::logb; using std::modf; using std::nextafter; using std::pow; using std::remainder;
using std::rint; using std::round; using std::signbit; using std::sin; using std::sinh; using std::sqrt; using std::tan;
using std::tanh; using std::tgamma; using std::trunc;

#define __cosf(x) cosf(x)
#define __expf(x) expf(x)
#define __fdividef(a, b) ((a) / (b))
#define __log2f(x) log2f(x)
#define __logf(x) logf(x)
#define __powf(x, y) powf(x, y)
#define __sinf(x) sinf(x)
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __frcp_rn(float x) { return 1.0f / x; }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
static inline float __saturatef(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline float rsqrt(float x) { return 1.0f / sqrtf(x); }
static inline double rsqrt(double x) { return 1.0 / sqrt(x); }
static inline float exp10(float x) { return powf(10.0f, x); }  // the double one is in glibc
static inline double cyl_bessel_i0(double x) { return std::cyl_bessel_i(0.0, std::fabs(x)); }
static inline float cyl_bessel_i0f(float x) { return (float)cyl_bessel_i0(x); }
static inline double cyl_bessel_i1(double x) {
  return x < 0 ? -std::cyl_bessel_i(1.0, -x) : std::cyl_bessel_i(1.0, x);
}
static inline float cyl_bessel_i1f(float x) { return (float)cyl_bessel_i1(x); }

// CUDA's inverse of erf: a first guess (Winitzki's formula), then Newton's method on the side where nothing cancels.
static inline double erfinv(double y) {
  double size = fabs(y);
  if (!(size < 1)) return size == 1 ? copysign(HUGE_VAL, y) : NAN;
  double a = 0.147, l = log1p(-size * size), t = 2 / (M_PI * a) + l / 2;
  double x = sqrt(fmax(sqrt(t * t - l / a) - t, 0.0));
  for (int i = 0; i < 4; ++i) x += (erfc(x) - (1 - size)) / (2 / sqrt(M_PI) * exp(-x * x));
  return copysign(x, y);
}
static inline float erfinvf(float y) { return (float)erfinv(y); }
static inline float erfinv(float y) { return (float)erfinv((double)y); }
static inline double erfcx(double x) {
  if (x < 20) return exp(x * x) * erfc(x);
  double s = 1 / (2 * x * x);
  return (1 - s * (1 - 3 * s * (1 - 5 * s * (1 - 7 * s)))) / (x * sqrt(M_PI));
}
static inline float erfcxf(float x) { return (float)erfcx((double)x); }
static inline float erfcx(float x) { return (float)erfcx((double)x); }
static inline double erfcinv(double y) { return erfinv(1 - y); }
static inline double normcdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }
static inline float normcdff(float x) { return (float)normcdf(x); }
static inline double normcdfinv(double p) { return M_SQRT2 * erfinv(2 * p - 1); }
static inline float normcdfinvf(float p) { return (float)normcdfinv(p); }

#define EMULATOR_EXTREMES(T) \
  static inline T min(T a, T b) { return a < b ? a : b; } \
  static inline T max(T a, T b) { return a > b ? a : b; }
EMULATOR_EXTREMES(int)
EMULATOR_EXTREMES(unsigned)
EMULATOR_EXTREMES(long)
EMULATOR_EXTREMES(unsigned long)
EMULATOR_EXTREMES(long long)
EMULATOR_EXTREMES(unsigned long long)
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }

// -- launching ---------------------------------------------------------------------------------------------------------

template <class... A> struct EmulatorCall {
  void (*kernel)(A...);
  void** arguments;
};
template <class T> using EmulatorValue = std::remove_const_t<std::remove_reference_t<T>>;
template <class... A, size_t... I> void emulator_call(EmulatorCall<A...>* call, std::index_sequence<I...>) {
  call->kernel(*(EmulatorValue<A>*)call->arguments[I]...);
}
template <class... A> void emulator_thread_body(void* call) {
  emulator_call((EmulatorCall<A...>*)call, std::index_sequence_for<A...>{});
}
// How many bytes each argument has; 0 after the last.
template <class... A> const unsigned* emulator_sizes(void (*)(A...)) {
  static const unsigned sizes[] = {(unsigned)sizeof(EmulatorValue<A>)..., 0};
  return sizes;
}
template <class... A> void emulator_launch(void (*kernel)(A...), void** arguments, int own_stacks) {
  static char memory[101376] __attribute__((aligned(16)));
  emulator_shared_memory = memory;
  EmulatorCall<A...> call{kernel, arguments};
  for (unsigned z = 0; z < gridDim.z; ++z) {
    for (unsigned y = 0; y < gridDim.y; ++y) {
      for (unsigned x = 0; x < gridDim.x; ++x) {
        emulator_block = {x, y, z};
        emulator_run_block(&emulator_thread_body<A...>, &call, own_stacks);
      }
    }
  }
}
