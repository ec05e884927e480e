// Linked into CuPy's wrapper of the CUDA runtime in place of NVIDIA's static library: the calls that the wrapper makes, on
// host memory. Everything is done at once, so that no race between streams can show; unless a stream is capturing.
#include <cuda_runtime_api.h>

#include "graphs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace {

enum Kind { HOST = 1, DEVICE = 2, MANAGED = 3 };
struct Block {
  size_t bytes;
  Kind kind;
};
std::mutex blocks_mutex;
std::map<size_t, Block> blocks;  // by address
size_t device_bytes_used = 0, pinned_bytes_used = 0;

// What is counted, for tests that a kernel does not wait: emulator_counter(i).
enum Counter { ALLOCATIONS, FREES, TO_DEVICE, TO_HOST, ON_DEVICE, WAITS, COUNTERS };
std::atomic<long> counters[COUNTERS];

size_t bytes_from_environment(const char* name, size_t otherwise) {
  const char* text = getenv(name);
  return text ? strtoull(text, nullptr, 0) : otherwise;
}
size_t device_bytes() { return bytes_from_environment("CUDA_EMULATOR_MEMORY_BYTES", (size_t)4 << 30); }
size_t pinned_bytes() { return bytes_from_environment("CUDA_EMULATOR_PINNED_BYTES", SIZE_MAX); }
int compute_capability() {
  const char* text = getenv("CUDA_EMULATOR_CAPABILITY");
  return text ? atoi(text) : 80;
}

cudaError_t allocate(void** pointer, size_t bytes, Kind kind) {
  std::lock_guard<std::mutex> hold(blocks_mutex);
  *pointer = nullptr;
  if (kind == DEVICE && device_bytes_used + bytes > device_bytes()) return cudaErrorMemoryAllocation;
  if (kind == HOST && bytes > pinned_bytes() - std::min(pinned_bytes(), pinned_bytes_used)) return cudaErrorMemoryAllocation;
  // Exactly as big as asked, so that an address sanitizer sees an overrun.
  if (posix_memalign(pointer, 512, bytes ? bytes : 1)) return cudaErrorMemoryAllocation;
  memset(*pointer, 0xCB, bytes);  // reads of memory that nobody has written show as nonsense
  blocks[(size_t)*pointer] = {bytes, kind};
  if (kind == DEVICE) device_bytes_used += bytes;
  if (kind == HOST) pinned_bytes_used += bytes;
  ++counters[ALLOCATIONS];
  return cudaSuccess;
}

cudaError_t release(void* pointer) {
  if (!pointer) return cudaSuccess;
  std::lock_guard<std::mutex> hold(blocks_mutex);
  auto found = blocks.find((size_t)pointer);
  if (found == blocks.end()) return cudaErrorInvalidValue;
  if (found->second.kind == DEVICE) device_bytes_used -= found->second.bytes;
  if (found->second.kind == HOST) pinned_bytes_used -= found->second.bytes;
  blocks.erase(found);
  free(pointer);
  ++counters[FREES];
  return cudaSuccess;
}

cudaError_t copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  ++counters[kind == cudaMemcpyHostToDevice ? TO_DEVICE : kind == cudaMemcpyDeviceToHost ? TO_HOST : ON_DEVICE];
  memmove(to, from, bytes);
  return cudaSuccess;
}

cudaError_t copy_rows(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                      cudaMemcpyKind kind) {
  for (size_t row = 0; row < height; ++row) copy((char*)to + row * to_pitch, (const char*)from + row * from_pitch, width, kind);
  return cudaSuccess;
}

// Work for a stream: done now, or recorded.
cudaError_t give(cudaStream_t stream, std::function<cudaError_t()> work) {
  bool record = false;
  if (int error = emulator_admit(stream, &record)) return (cudaError_t)error;
  if (!record) return work();
  emulator_record(stream, [=] { work(); });
  return cudaSuccess;
}

cudaError_t wait(cudaStream_t stream = nullptr) {
  if (int error = emulator_admit_wait(stream)) return (cudaError_t)error;
  return ++counters[WAITS], cudaSuccess;
}

struct Event {
  std::chrono::steady_clock::time_point at;
  bool captured = false;
};
Event* event(cudaEvent_t handle) { return (Event*)handle; }

}  // namespace

extern "C" {

long emulator_counter(int which) { return which < COUNTERS ? (long)counters[which] : -1; }

const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation"
       : error == cudaErrorInvalidValue ? "cudaErrorInvalidValue"
       : error == CAPTURE_UNSUPPORTED ? "cudaErrorStreamCaptureUnsupported"
       : error == CAPTURE_INVALIDATED ? "cudaErrorStreamCaptureInvalidated"
       : error == CAPTURE_IMPLICIT ? "cudaErrorStreamCaptureImplicit"
       : error == CAPTURED_EVENT ? "cudaErrorCapturedEvent"
       : error == cudaErrorNotSupported ? "cudaErrorNotSupported" : "cudaErrorEmulator";
}
const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory"
       : error == cudaErrorNotSupported ? "not implemented by the CUDA emulator" : "error in the CUDA emulator";
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = 13020, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 13020, cudaSuccess; }

// -- the device --------------------------------------------------------------------------------------------------------

cudaError_t cudaGetDevice(int* device) { return *device = 0, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }
cudaError_t cudaDeviceSynchronize() { return wait(); }
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
    case cudaDevAttrMaxBlockDimX:
    case cudaDevAttrMaxBlockDimY: *value = 1024; break;
    case cudaDevAttrMaxBlockDimZ: *value = 64; break;
    case cudaDevAttrMaxGridDimX: *value = 2147483647; break;
    case cudaDevAttrMaxGridDimY:
    case cudaDevAttrMaxGridDimZ: *value = 65535; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = 49152; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = 101376; break;
    case cudaDevAttrWarpSize: *value = 32; break;
    case cudaDevAttrMultiProcessorCount: *value = 4; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *value = 2048; break;
    case cudaDevAttrUnifiedAddressing: *value = 1; break;
    case cudaDevAttrComputeCapabilityMajor: *value = compute_capability() / 10; break;
    case cudaDevAttrComputeCapabilityMinor: *value = compute_capability() % 10; break;
    default: *value = 0;
  }
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  memset(properties, 0, sizeof *properties);
  strcpy(properties->name, "CUDA emulator (not a GPU)");
  properties->totalGlobalMem = device_bytes();
  properties->sharedMemPerBlock = 49152;
  properties->regsPerBlock = 65536;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = properties->maxThreadsDim[0] = properties->maxThreadsDim[1] = 1024;
  properties->maxThreadsDim[2] = 64;
  properties->maxGridSize[0] = 2147483647;
  properties->maxGridSize[1] = properties->maxGridSize[2] = 65535;
  properties->major = compute_capability() / 10;
  properties->minor = compute_capability() % 10;
  properties->multiProcessorCount = 4;
  properties->maxThreadsPerMultiProcessor = 2048;
  properties->unifiedAddressing = 1;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetPCIBusId(char* text, int bytes, int) { return snprintf(text, bytes, "0000:00:00.0"), cudaSuccess; }
cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) { return *can = 0, cudaSuccess; }

// -- memory ------------------------------------------------------------------------------------------------------------

cudaError_t cudaMalloc(void** pointer, size_t bytes) { return allocate(pointer, bytes, DEVICE); }
cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t) { return allocate(pointer, bytes, DEVICE); }
cudaError_t cudaMallocManaged(void** pointer, size_t bytes, unsigned) { return allocate(pointer, bytes, MANAGED); }
cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) { return allocate(pointer, bytes, HOST); }
cudaError_t cudaFree(void* pointer) { return release(pointer); }
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t) { return release(pointer); }
cudaError_t cudaFreeHost(void* pointer) { return release(pointer); }
cudaError_t cudaHostRegister(void*, size_t, unsigned) { return cudaSuccess; }
cudaError_t cudaHostUnregister(void*) { return cudaSuccess; }
cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total) {
  *total = device_bytes();
  *free_bytes = *total - device_bytes_used;
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return give(stream, [=] { return copy(to, from, bytes, kind); });
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}
cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, size_t bytes, cudaStream_t stream) {
  return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream);
}
cudaError_t cudaMemcpyPeer(void* to, int device, const void* from, int other, size_t bytes) {
  return cudaMemcpyPeerAsync(to, device, from, other, bytes, nullptr);
}
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                              cudaMemcpyKind kind, cudaStream_t stream) {
  return give(stream, [=] { return copy_rows(to, to_pitch, from, from_pitch, width, height, kind); });
}
cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                         cudaMemcpyKind kind) {
  return cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, width, height, kind, nullptr);
}
cudaError_t cudaMemsetAsync(void* at, int value, size_t bytes, cudaStream_t stream) {
  return give(stream, [=] { return memset(at, value, bytes), cudaSuccess; });
}
cudaError_t cudaMemset(void* at, int value, size_t bytes) { return cudaMemsetAsync(at, value, bytes, nullptr); }
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  memset(attributes, 0, sizeof *attributes);
  std::lock_guard<std::mutex> hold(blocks_mutex);
  auto next = blocks.upper_bound((size_t)pointer);
  if (next == blocks.begin()) return cudaSuccess;
  const auto& [start, block] = *std::prev(next);
  if ((size_t)pointer >= start + (block.bytes ? block.bytes : 1)) return cudaSuccess;
  attributes->type = (cudaMemoryType)block.kind;
  attributes->devicePointer = (void*)pointer;
  if (block.kind != DEVICE) attributes->hostPointer = (void*)pointer;
  return cudaSuccess;
}

// -- streams and events ------------------------------------------------------------------------------------------------

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  static std::atomic<size_t> number{0x1000};
  return *stream = (cudaStream_t)(number += 16), cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  cudaStreamCreate(stream);
  if (flags & cudaStreamNonBlocking) emulator_stream_is_independent(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  return cudaStreamCreateWithFlags(stream, flags);
}
cudaError_t cudaStreamGetFlags(cudaStream_t, unsigned* flags) { return *flags = 0, cudaSuccess; }
cudaError_t cudaStreamGetPriority(cudaStream_t, int* priority) { return *priority = 0, cudaSuccess; }
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return wait(stream); }
cudaError_t cudaStreamQuery(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }
cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* data, unsigned) {
  return callback(stream, cudaSuccess, data), cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t, cudaHostFn_t function, void* data) { return function(data), cudaSuccess; }
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  return (cudaError_t)emulator_capture_status(stream, (int*)status);
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  return (cudaError_t)emulator_begin_capture(stream);
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return (cudaError_t)emulator_end_capture(stream, (void**)graph);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  return (cudaError_t)emulator_instantiate(graph, (void**)executable);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return (cudaError_t)emulator_launch_graph(executable, stream);
}
cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return emulator_destroy_graph(graph), cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) { return emulator_destroy_graph(executable), cudaSuccess; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned) {
  return *handle = (cudaEvent_t) new Event{std::chrono::steady_clock::now()}, cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* handle) { return cudaEventCreateWithFlags(handle, 0); }
cudaError_t cudaEventDestroy(cudaEvent_t handle) { return delete event(handle), cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream) {
  if (int error = emulator_admit(stream, &event(handle)->captured)) return (cudaError_t)error;
  return event(handle)->at = std::chrono::steady_clock::now(), cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t handle) {
  return event(handle)->captured ? (cudaError_t)CAPTURED_EVENT : cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return event(handle)->captured ? (cudaError_t)CAPTURED_EVENT : wait();
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  *milliseconds = std::chrono::duration<float, std::milli>(event(to)->at - event(from)->at).count();
  return cudaSuccess;
}
cudaError_t cudaProfilerStart() { return cudaSuccess; }
cudaError_t cudaProfilerStop() { return cudaSuccess; }
}
