// Batch norm of dense (N, C, L) arrays: one block a channel, so that every sum is taken in one order.
namespace teletensor {

template <typename T> __device__ T over_block(T value, T* shared) {
  shared[threadIdx.x] = value;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
    __syncthreads();
  }
  value = shared[0];
  __syncthreads();
  return value;
}

// Places of channel c, the threads side by side.
#define EACH_PLACE(at)                                                                                      \
  for (long long i = threadIdx.x, at = (i / length * channels + c) * length + i % length; i < count;        \
       i += blockDim.x, at = (i / length * channels + c) * length + i % length)

template <typename T>
__device__ void statistics(const T* x, long long c, long long count, long long channels, long long length, T* shared,
                           T& mean, T& variance) {
  T total = T(0);
  EACH_PLACE(at) total += x[at];
  mean = over_block(total, shared) / T(count);
  total = T(0);
  EACH_PLACE(at) total += (x[at] - mean) * (x[at] - mean);
  variance = over_block(total, shared) / T(count);
}

template <typename T>
__global__ void batch_norm(const T* x, const T* weight, const T* bias, bool is_weighted, bool is_shifted, double eps,
                           T* out, T* means, T* variances, long long batch, long long channels, long long length) {
  __shared__ T shared[256];
  long long count = batch * length;
  for (long long c = blockIdx.x; c < channels; c += gridDim.x) {
    T mean, variance;
    statistics(x, c, count, channels, length, shared, mean, variance);
    T scale = T(1) / sqrt(variance + T(eps));
    if (is_weighted) scale *= weight[c];
    T shift = is_shifted ? bias[c] : T(0);
    EACH_PLACE(at) out[at] = (x[at] - mean) * scale + shift;
    if (threadIdx.x == 0) {
      means[c] = mean;
      variances[c] = variance;
    }
  }
}

template <typename T>
__global__ void batch_norm_backward(const T* g, const T* x, const T* weight, bool is_weighted, double eps, T* out,
                                    T* to_weight, T* to_bias, long long batch, long long channels, long long length) {
  __shared__ T shared[256];
  long long count = batch * length;
  for (long long c = blockIdx.x; c < channels; c += gridDim.x) {
    T mean, variance, along = T(0), level = T(0);
    statistics(x, c, count, channels, length, shared, mean, variance);
    T scale = T(1) / sqrt(variance + T(eps));
    EACH_PLACE(at) {
      along += g[at] * (x[at] - mean);
      level += g[at];
    }
    along = over_block(along, shared) * scale;
    level = over_block(level, shared);
    T factor = is_weighted ? scale * weight[c] : scale;
    EACH_PLACE(at) {
      out[at] = (g[at] - level / T(count) - (x[at] - mean) * scale * along / T(count)) * factor;
    }
    if (threadIdx.x == 0) {
      to_weight[c] = along;
      to_bias[c] = level;
    }
  }
}

}  // namespace teletensor
