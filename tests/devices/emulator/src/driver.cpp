// Stands for libcuda.so.1: the calls of CUDA's driver API that CuPy makes. A module is a shared object that
// host_compiler.py has made from a kernel's source; a launch runs it here, block by block.
//
// Blocks whose source uses barriers run each thread on a stack of its own and switch between them at barriers. The order in
// which threads run is CUDA_EMULATOR_ORDER: 0 forwards, 1 backwards, N > 1 shuffled with seed N. A result that changes with
// it depends on an order that a GPU does not promise. x86-64 only.
#include "graphs.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <numeric>
#include <random>
#include <string>
#include <vector>

typedef int Result;
enum { SUCCESS = 0, INVALID_VALUE = 1, INVALID_IMAGE = 200, NOT_FOUND = 500, NOT_SUPPORTED = 801 };
struct Index {
  unsigned x, y, z;
};

extern "C" {
Index emulator_thread, emulator_block, emulator_block_size, emulator_grid_size;
char* emulator_shared_memory;
long emulator_launches;
}

namespace {

constexpr size_t STACK_BYTES = 128 * 1024;
constexpr unsigned WARP = 32, MOST_THREADS = 1024, MOST_SHARED_BYTES = 101376;

enum State { READY, AT_BLOCK_BARRIER, AT_WARP_BARRIER, DONE };
struct Thread {
  void* stack_pointer;
  Index at;
  State state;
  unsigned lane, warp;
};

std::vector<Thread> threads;
Thread* current;
void* scheduler_stack_pointer;
void (*body)(void*);
void* body_argument;
bool own_stacks;
char exchanged[MOST_THREADS / WARP][WARP][16];

unsigned order_from_environment() {
  const char* text = getenv("CUDA_EMULATOR_ORDER");
  return text ? (unsigned)strtoul(text, nullptr, 10) : 0;
}
unsigned order = order_from_environment();
std::mt19937 shuffler(order);

template <class T> void arrange(std::vector<T>& items) {
  if (order > 1) std::shuffle(items.begin(), items.end(), shuffler);
  if (order == 1) std::reverse(items.begin(), items.end());
}

Index thread_index(unsigned number) {
  const Index& size = emulator_block_size;
  return {number % size.x, number / size.x % size.y, number / (size.x * size.y)};
}

[[noreturn]] void die(const char* what) {
  fprintf(stderr, "CUDA emulator: %s\n", what);
  abort();
}

}  // namespace

// -- stacks ------------------------------------------------------------------------------------------------------------

extern "C" void emulator_switch(void** save_to, void* load_from);
asm(R"(
.globl emulator_switch
emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

namespace {

void pause(State state) {
  Thread* me = current;
  me->state = state;
  emulator_switch(&me->stack_pointer, scheduler_stack_pointer);
  emulator_thread = me->at;
}

void start_of_thread() {
  body(body_argument);
  current->state = DONE;
  emulator_switch(&current->stack_pointer, scheduler_stack_pointer);
  die("a finished thread was run again");
}

void resume(Thread& thread) {
  current = &thread;
  emulator_thread = thread.at;
  emulator_switch(&scheduler_stack_pointer, thread.stack_pointer);
}

void make_threads(unsigned count) {
  static std::vector<char*> stacks;
  while (stacks.size() < count) stacks.push_back((char*)aligned_alloc(64, STACK_BYTES));
  threads.assign(count, Thread());
  for (unsigned t = 0; t < count; ++t) {
    uint64_t* top = (uint64_t*)(stacks[t] + STACK_BYTES) - 1;
    *--top = (uint64_t)start_of_thread;
    for (int registers = 0; registers < 6; ++registers) *--top = 0;
    threads[t] = {top, thread_index(t), READY, t % WARP, t / WARP};
  }
}

// Let every thread of a warp run until it waits for others; a warp barrier opens when all that live have come to it.
bool run_warp(unsigned warp) {
  unsigned first = warp * WARP, last = std::min<unsigned>(threads.size(), first + WARP);
  for (bool ran = false;;) {
    unsigned live = 0, waiting = 0;
    for (unsigned t = first; t < last; ++t) {
      live += threads[t].state != DONE;
      waiting += threads[t].state == AT_WARP_BARRIER;
    }
    std::vector<unsigned> ready;
    for (unsigned t = first; t < last; ++t) {
      if (waiting == live && threads[t].state == AT_WARP_BARRIER) threads[t].state = READY;
      if (threads[t].state == READY) ready.push_back(t);
    }
    if (ready.empty()) return ran;
    arrange(ready);
    for (unsigned t : ready) resume(threads[t]);
    ran = true;
  }
}

void run_with_stacks(unsigned count) {
  make_threads(count);
  std::vector<unsigned> warps((count + WARP - 1) / WARP);
  for (;;) {
    unsigned done = 0, waiting = 0;
    for (const Thread& thread : threads) {
      done += thread.state == DONE;
      waiting += thread.state == AT_BLOCK_BARRIER;
    }
    if (done == count) break;
    if (waiting && waiting + done == count) {
      for (Thread& thread : threads) {
        if (thread.state == AT_BLOCK_BARRIER) thread.state = READY;
      }
    }
    std::iota(warps.begin(), warps.end(), 0u);
    arrange(warps);
    bool ran = false;
    for (unsigned warp : warps) ran |= run_warp(warp);
    if (!ran) die("a kernel waits at a barrier that some of its threads never reach");
  }
  current = nullptr;
}

}  // namespace

extern "C" {

void emulator_set_order(unsigned wanted) {
  order = wanted;
  shuffler.seed(wanted);
}

void emulator_run_block(void (*thread_body)(void*), void* argument, int stacks) {
  unsigned count = emulator_block_size.x * emulator_block_size.y * emulator_block_size.z;
  own_stacks = stacks;
  if (own_stacks) {
    body = thread_body;
    body_argument = argument;
    run_with_stacks(count);
    return;
  }
  std::vector<unsigned> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0u);
  arrange(numbers);
  for (unsigned t : numbers) {
    emulator_thread = thread_index(t);
    thread_body(argument);
  }
}

void emulator_block_barrier() {
  if (!own_stacks) die("__syncthreads in a kernel that was compiled without barriers");
  pause(AT_BLOCK_BARRIER);
}
void emulator_warp_barrier() {
  if (own_stacks) pause(AT_WARP_BARRIER);
}
void emulator_warp_put(const void* value, unsigned bytes) {
  memcpy(exchanged[current->warp][current->lane], value, bytes);
  pause(AT_WARP_BARRIER);
}
void emulator_warp_get(void* value, unsigned bytes, unsigned lane) {
  memcpy(value, exchanged[current->warp][lane % WARP], bytes);
  pause(AT_WARP_BARRIER);
}
unsigned emulator_lane() { return current ? current->lane : 0; }
unsigned emulator_warp_ballot(unsigned mask, int predicate) {
  emulator_warp_put(&predicate, sizeof predicate);
  unsigned votes = 0, first = current->warp * WARP;
  for (unsigned lane = 0; lane < WARP && first + lane < threads.size(); ++lane) {
    int theirs;
    memcpy(&theirs, exchanged[current->warp][lane], sizeof theirs);
    if (mask >> lane & 1 && theirs) votes |= 1u << lane;
  }
  pause(AT_WARP_BARRIER);
  return votes;
}

// -- the driver API ----------------------------------------------------------------------------------------------------

struct Function {
  void (*launch)(void** arguments);
  const unsigned* sizes;  // of the arguments; 0 after the last
  std::string name;
};
static const char IMAGE[] = "CUDA-EMULATOR:";

Result cuInit(unsigned) { return SUCCESS; }
Result cuGetErrorName(Result code, const char** text) {
  *text = code == NOT_FOUND ? "CUDA_ERROR_NOT_FOUND" : code == INVALID_IMAGE ? "CUDA_ERROR_INVALID_IMAGE"
        : code == CAPTURE_UNSUPPORTED ? "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"
        : code == CAPTURE_INVALIDATED ? "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"
        : code == CAPTURE_IMPLICIT ? "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT"
        : code == NOT_SUPPORTED ? "CUDA_ERROR_NOT_SUPPORTED" : "CUDA_ERROR_INVALID_VALUE";
  return SUCCESS;
}
Result cuGetErrorString(Result code, const char** text) {
  *text = code == NOT_SUPPORTED ? "not implemented by the CUDA emulator" : "error in the CUDA emulator";
  return SUCCESS;
}
Result cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
Result cuCtxGetCurrent(void** context) { return *context = (void*)1, SUCCESS; }
Result cuCtxSetCurrent(void*) { return SUCCESS; }
Result cuCtxCreate_v2(void** context, unsigned, int) { return *context = (void*)1, SUCCESS; }
Result cuCtxDestroy_v2(void*) { return SUCCESS; }
Result cuCtxGetDevice(int* device) { return *device = 0, SUCCESS; }

Result cuModuleLoadData(void** module, const void* image) {
  if (strncmp((const char*)image, IMAGE, sizeof IMAGE - 1)) return INVALID_IMAGE;
  *module = dlopen((const char*)image + sizeof IMAGE - 1, RTLD_NOW | RTLD_LOCAL);
  if (*module) return SUCCESS;
  fprintf(stderr, "CUDA emulator: %s\n", dlerror());
  return INVALID_IMAGE;
}
Result cuModuleLoad(void**, const char*) { return NOT_SUPPORTED; }
Result cuModuleUnload(void*) { return SUCCESS; }
Result cuModuleGetFunction(void** function, void* module, const char* name) {
  void* launch = dlsym(module, (std::string("emulator_launch_") + name).c_str());
  auto sizes = (const unsigned* (*)())dlsym(module, (std::string("emulator_sizes_") + name).c_str());
  if (!launch || !sizes) return NOT_FOUND;
  *function = new Function{(void (*)(void**))launch, sizes(), name};
  return SUCCESS;
}
Result cuModuleGetGlobal_v2(void** address, size_t* bytes, void* module, const char* name) {
  *address = dlsym(module, name);
  if (bytes) *bytes = 0;
  return *address ? SUCCESS : NOT_FOUND;
}
static void run(const Function* function, Index grid, Index block, void** arguments) {
  // Sessions launch from threads of their own; there is one set of stacks.
  static std::mutex one_at_a_time;
  std::lock_guard<std::mutex> hold(one_at_a_time);
  emulator_grid_size = grid;
  emulator_block_size = block;
  function->launch(arguments);
}
// The launch with what its arguments are now, to be run later.
static std::function<void()> kept(const Function* function, Index grid, Index block, void** arguments) {
  std::vector<std::vector<char>> values;
  for (const unsigned* size = function->sizes; *size; ++size) {
    const char* value = (const char*)arguments[values.size()];
    values.emplace_back(value, value + *size);
  }
  return [=]() mutable {
    std::vector<void*> pointers;
    for (auto& value : values) pointers.push_back(value.data());
    run(function, grid, block, pointers.data());
  };
}
Result cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                      unsigned shared_bytes, void* stream, void** arguments, void**) {
  // What the driver refuses.
  if (!gx || !gy || !gz || !bx || !by || !bz || gy > 65535 || gz > 65535 || bz > 64) return INVALID_VALUE;
  if ((size_t)bx * by * bz > MOST_THREADS || shared_bytes > MOST_SHARED_BYTES) return INVALID_VALUE;
  bool record = false;
  if (int error = emulator_admit(stream, &record)) return error;
  const Function* kernel = (const Function*)function;
  static const bool trace = getenv("CUDA_EMULATOR_TRACE");
  if (trace) {
    fprintf(stderr, "%s %s grid=%u,%u,%u block=%u,%u,%u\n", record ? "capture" : "launch", kernel->name.c_str(), gx, gy, gz,
            bx, by, bz);
  }
  if (record) {
    emulator_record(stream, kept(kernel, {gx, gy, gz}, {bx, by, bz}, arguments));
  } else {
    ++emulator_launches;
    run(kernel, {gx, gy, gz}, {bx, by, bz}, arguments);
  }
  return SUCCESS;
}
Result cuLaunchCooperativeKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*,
                                 void**) {
  return NOT_SUPPORTED;
}
Result cuFuncGetAttribute(int* value, int attribute, void*) {
  return *value = attribute == 0 ? MOST_THREADS : 0, SUCCESS;
}
Result cuFuncSetAttribute(void*, int, int) { return SUCCESS; }
Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int, size_t) { return *blocks = 2, SUCCESS; }
Result cuOccupancyMaxPotentialBlockSize(int* grid, int* block, void*, void*, size_t, int) {
  return *grid = 8, *block = 256, SUCCESS;
}
Result cuStreamGetCtx(void*, void** context) { return *context = (void*)1, SUCCESS; }
Result cuLinkCreate_v2(unsigned, void*, void**, void**) { return NOT_SUPPORTED; }
Result cuLinkAddData_v2() { return NOT_SUPPORTED; }
Result cuLinkAddFile_v2() { return NOT_SUPPORTED; }
Result cuLinkComplete() { return NOT_SUPPORTED; }
Result cuLinkDestroy(void*) { return SUCCESS; }
}
