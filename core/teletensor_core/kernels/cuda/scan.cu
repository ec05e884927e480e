// Running extremes and running logsumexp along one dimension of a dense (outer, n, inner) array.
namespace teletensor {

template <typename T> struct RunningMax {
  static __device__ T of(T a, T b) { return a != a ? a : (b != b || b > a) ? b : a; }
};
template <typename T> struct RunningMin {
  static __device__ T of(T a, T b) { return a != a ? a : (b != b || b < a) ? b : a; }
};
template <typename T> struct RunningLogSumExp {
  static __device__ T of(T a, T b) {
    T high = b > a ? b : a, low = b > a ? a : b;
    if (a != a || b != b) return a + b;
    if (high == low && isinf(high)) return high;
    return high + log1p(exp(low - high));
  }
};

// One thread a line: for short lines, and where neighbours in memory belong to different lines.
template <typename T, typename Op>
__global__ void scan_lines(const T* x, T* out, long long lines, long long n, long long inner) {
  long long stride = (long long)blockDim.x * gridDim.x;
  for (long long line = (long long)blockIdx.x * blockDim.x + threadIdx.x; line < lines; line += stride) {
    long long at = line / inner * n * inner + line % inner;
    if (n == 0) continue;
    T total = x[at];
    out[at] = total;
    for (long long k = 1; k < n; ++k) {
      at += inner;
      total = Op::of(total, x[at]);
      out[at] = total;
    }
  }
}

// One block a line, a tile of elements at a time (Hillis and Steele's scan), with what came before carried along.
template <typename T, typename Op>
__global__ void scan_blocks(const T* x, T* out, long long lines, long long n, long long inner) {
  __shared__ T tile[256];
  int me = threadIdx.x;
  for (long long line = blockIdx.x; line < lines; line += gridDim.x) {
    long long base = line / inner * n * inner + line % inner;
    T carried = T();
    for (long long start = 0; start < n; start += 256) {
      int count = n - start < 256 ? (int)(n - start) : 256;
      if (me < count) {
        T mine = x[base + (start + me) * inner];
        tile[me] = me == 0 && start > 0 ? Op::of(carried, mine) : mine;
      }
      __syncthreads();
      for (int reach = 1; reach < count; reach *= 2) {
        T before = T();
        if (me >= reach && me < count) before = tile[me - reach];
        __syncthreads();
        if (me >= reach && me < count) tile[me] = Op::of(before, tile[me]);
        __syncthreads();
      }
      if (me < count) out[base + (start + me) * inner] = tile[me];
      carried = tile[count - 1];
      __syncthreads();
    }
  }
}

}  // namespace teletensor
