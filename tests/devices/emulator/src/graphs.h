// CUDA graphs on the emulated device: what driver.cpp and runtime.cpp tell each other of streams that are capturing.
#pragma once
#include <functional>

// Codes that the driver's and the runtime's API have in common.
enum CaptureError {
  CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901, CAPTURE_UNMATCHED = 903, CAPTURE_IMPLICIT = 906, CAPTURED_EVENT = 907
};

extern "C" {
// A stream that does not wait for the default stream, nor that for it.
void emulator_stream_is_independent(void* stream);
int emulator_begin_capture(void* stream);
int emulator_end_capture(void* stream, void** graph);
// 0 for none, 1 while capturing, 2 once an error has ended it; or the error of asking.
int emulator_capture_status(void* stream, int* status);
int emulator_instantiate(void* graph, void** executable);
int emulator_launch_graph(void* executable, void* stream);
void emulator_destroy_graph(void* graph);
// Before a stream is given work: 0 and whether it has to be recorded, or the error that it would be.
int emulator_admit(void* stream, bool* record);
// Before the host waits for a stream: 0, or the error that it is, which ends the capture.
int emulator_admit_wait(void* stream);
}
void emulator_record(void* stream, std::function<void()> work);
