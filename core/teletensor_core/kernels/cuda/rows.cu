// Softmax and layer norm over the rows of dense (rows, n) arrays. blockDim is (threads a row, rows a block): a warp for
// each short row, or a whole block for a long one.
namespace teletensor {

struct Sum { template <typename T> static __device__ T of(T a, T b) { return a + b; } };
// NaN wins, as in NumPy.
struct Max { template <typename T> static __device__ T of(T a, T b) { return a != a ? a : (b != b || b > a) ? b : a; } };

// Combine a value of each thread of a row; every thread gets the result, and always the same one.
template <typename Op, typename T> __device__ T over_row(T value, T* shared) {
  for (int reach = 16; reach > 0; reach /= 2) value = Op::of(value, __shfl_xor_sync(0xffffffffu, value, reach));
  if (blockDim.x > 32) {
    if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = value;
    __syncthreads();
    value = shared[0];
    for (int warp = 1; warp < (int)blockDim.x / 32; ++warp) value = Op::of(value, shared[warp]);
    __syncthreads();
  }
  return value;
}

// Rows are taken in turn by all blocks; every thread of a block goes round equally often.
#define EACH_ROW(row)                                                                        \
  for (long long first = (long long)blockIdx.x * blockDim.y, row = first + threadIdx.y;      \
       first < rows; first += (long long)gridDim.x * blockDim.y, row = first + threadIdx.y)
#define EACH_COLUMN(k) for (long long k = threadIdx.x; k < n; k += blockDim.x)

template <typename T> __device__ T lowest() { return T(-__longlong_as_double(0x7ff0000000000000LL)); }

// The greatest element of a row, and the logarithm of the sum of exponentials of what is below it.
template <typename T> __device__ void row_total(const T* x, long long n, bool there, T* shared, T& highest, T& total) {
  highest = lowest<T>();
  if (there) EACH_COLUMN(k) highest = Max::of(highest, x[k]);
  highest = over_row<Max>(highest, shared);
  total = T(0);
  if (there) EACH_COLUMN(k) total += exp(x[k] - highest);
  total = over_row<Sum>(total, shared);
}

template <typename T> __global__ void softmax(const T* x, T* out, long long rows, long long n) {
  __shared__ T shared[32];
  EACH_ROW(row) {
    T highest, total;
    const T* from = x + row * n;
    row_total(from, n, row < rows, shared, highest, total);
    if (row < rows) EACH_COLUMN(k) out[row * n + k] = exp(from[k] - highest) / total;
  }
}

template <typename T> __global__ void log_softmax(const T* x, T* out, long long rows, long long n) {
  __shared__ T shared[32];
  EACH_ROW(row) {
    T highest, total;
    const T* from = x + row * n;
    row_total(from, n, row < rows, shared, highest, total);
    if (row < rows) EACH_COLUMN(k) out[row * n + k] = from[k] - highest - log(total);
  }
}

template <typename T> __global__ void logsumexp(const T* x, T* out, long long rows, long long n) {
  __shared__ T shared[32];
  EACH_ROW(row) {
    T highest, total;
    row_total(x + row * n, n, row < rows, shared, highest, total);
    if (row < rows && threadIdx.x == 0) out[row] = highest + log(total);
  }
}

template <typename T> __global__ void softmax_backward(const T* g, const T* y, T* out, long long rows, long long n) {
  __shared__ T shared[32];
  EACH_ROW(row) {
    T along = T(0);
    if (row < rows) EACH_COLUMN(k) along += g[row * n + k] * y[row * n + k];
    along = over_row<Sum>(along, shared);
    if (row < rows) EACH_COLUMN(k) out[row * n + k] = (g[row * n + k] - along) * y[row * n + k];
  }
}

template <typename T>
__global__ void log_softmax_backward(const T* g, const T* y, T* out, long long rows, long long n) {
  __shared__ T shared[32];
  EACH_ROW(row) {
    T total = T(0);
    if (row < rows) EACH_COLUMN(k) total += g[row * n + k];
    total = over_row<Sum>(total, shared);
    if (row < rows) EACH_COLUMN(k) out[row * n + k] = g[row * n + k] - exp(y[row * n + k]) * total;
  }
}

// Scores (rows, n), where `queries` rows belong to one matrix, become softmax(scores * scale + added) in place: `added`
// is (queries, n), or not there. A causal row sees its own column and those before.
template <typename T>
__global__ void attention_softmax(T* scores, const T* added, bool is_added, bool causal, T scale, long long queries,
                                  long long rows, long long n) {
  __shared__ T shared[32];
  EACH_ROW(row) {
    T* from = scores + row * n;
    long long query = row % queries;
    if (row < rows) {
      EACH_COLUMN(k) {
        T score = from[k] * scale;
        if (is_added) score += added[query * n + k];
        from[k] = causal && k > query ? lowest<T>() : score;
      }
    }
    T highest, total;
    row_total(from, n, row < rows, shared, highest, total);
    if (row < rows) EACH_COLUMN(k) from[k] = exp(from[k] - highest) / total;
  }
}

// -- layer norm --------------------------------------------------------------------------------------------------------

template <typename T>
__device__ void standard(const T* x, long long n, bool there, double eps, T* shared, T& mean, T& scale) {
  T total = T(0);
  if (there) EACH_COLUMN(k) total += x[k];
  mean = over_row<Sum>(total, shared) / T(n);
  total = T(0);
  if (there) EACH_COLUMN(k) total += (x[k] - mean) * (x[k] - mean);
  scale = T(1) / sqrt(over_row<Sum>(total, shared) / T(n) + T(eps));
}

template <typename T>
__global__ void layer_norm(const T* x, const T* weight, const T* bias, bool is_weighted, bool is_shifted, double eps,
                           T* out, long long rows, long long n) {
  __shared__ T shared[32];
  EACH_ROW(row) {
    T mean, scale;
    const T* from = x + row * n;
    standard(from, n, row < rows, eps, shared, mean, scale);
    if (row < rows) {
      EACH_COLUMN(k) {
        T value = (from[k] - mean) * scale;
        if (is_weighted) value *= weight[k];
        if (is_shifted) value += bias[k];
        out[row * n + k] = value;
      }
    }
  }
}

// What reaches the rows; each row's mean and scale are left for the sums over columns.
template <typename T>
__global__ void layer_norm_backward(const T* g, const T* x, const T* weight, bool is_weighted, double eps, T* out,
                                    T* means, T* scales, long long rows, long long n) {
  __shared__ T shared[32];
  EACH_ROW(row) {
    T mean, scale, along = T(0), level = T(0);
    const T *from = x + row * n, *grad = g + row * n;
    standard(from, n, row < rows, eps, shared, mean, scale);
    if (row < rows) {
      EACH_COLUMN(k) {
        T inner = is_weighted ? grad[k] * weight[k] : grad[k];
        along += inner * (from[k] - mean) * scale;
        level += inner;
      }
    }
    along = over_row<Sum>(along, shared) / T(n);
    level = over_row<Sum>(level, shared) / T(n);
    if (row < rows) {
      EACH_COLUMN(k) {
        T inner = is_weighted ? grad[k] * weight[k] : grad[k];
        out[row * n + k] = (inner - level - (from[k] - mean) * scale * along) * scale;
      }
      if (threadIdx.x == 0) {
        means[row] = mean;
        scales[row] = scale;
      }
    }
  }
}

// Sums over rows of g * standardised x and of g, for blockDim.x columns and one of gridDim.y parts of the rows.
template <typename T>
__global__ void layer_norm_columns(const T* g, const T* x, const T* means, const T* scales, T* to_weight, T* to_bias,
                                   long long rows, long long n) {
  __shared__ T weights[256], biases[256];
  long long k = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  int me = threadIdx.y * blockDim.x + threadIdx.x;
  T weight = T(0), bias = T(0);
  if (k < n) {
    for (long long row = (long long)blockIdx.y * blockDim.y + threadIdx.y; row < rows;
         row += (long long)gridDim.y * blockDim.y) {
      T grad = g[row * n + k];
      weight += grad * (x[row * n + k] - means[row]) * scales[row];
      bias += grad;
    }
  }
  weights[me] = weight;
  biases[me] = bias;
  __syncthreads();
  if (threadIdx.y == 0 && k < n) {
    for (int y = 1; y < (int)blockDim.y; ++y) {
      weight += weights[y * blockDim.x + threadIdx.x];
      bias += biases[y * blockDim.x + threadIdx.x];
    }
    to_weight[blockIdx.y * n + k] = weight;
    to_bias[blockIdx.y * n + k] = bias;
  }
}

}  // namespace teletensor
