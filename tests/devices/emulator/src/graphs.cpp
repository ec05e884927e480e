// Streams that are capturing, and graphs: lists of work that is done, in order, whenever a graph is launched.
#include "graphs.h"

#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace {

using Graph = std::vector<std::function<void()>>;
struct Capture {
  Graph graph;
  bool valid = true;
};
std::mutex mutex;
std::map<void*, Capture> captures;
std::set<void*> independent;

// The default stream and all that wait for it are one; what it is given while another of them captures, is an error.
bool is_default(void* stream) { return (size_t)stream <= 1; }
bool spoils_a_capture(void* stream) {
  bool spoils = false;
  for (auto& [other, capture] : captures) {
    if (is_default(stream) && !independent.count(other)) {
      capture.valid = false;
      spoils = true;
    }
  }
  return spoils;
}

}  // namespace

extern "C" {

long emulator_graph_launches;

void emulator_stream_is_independent(void* stream) {
  std::lock_guard<std::mutex> hold(mutex);
  independent.insert(stream);
}

int emulator_begin_capture(void* stream) {
  std::lock_guard<std::mutex> hold(mutex);
  if (is_default(stream) || captures.count(stream)) return CAPTURE_UNSUPPORTED;
  captures[stream];
  return 0;
}

int emulator_end_capture(void* stream, void** graph) {
  std::lock_guard<std::mutex> hold(mutex);
  *graph = nullptr;
  auto found = captures.find(stream);
  if (found == captures.end()) return CAPTURE_UNMATCHED;
  bool valid = found->second.valid;
  if (valid) *graph = new Graph(std::move(found->second.graph));
  captures.erase(found);
  return valid ? 0 : CAPTURE_INVALIDATED;
}

int emulator_capture_status(void* stream, int* status) {
  std::lock_guard<std::mutex> hold(mutex);
  if (spoils_a_capture(stream)) return CAPTURE_IMPLICIT;
  auto found = captures.find(stream);
  *status = found == captures.end() ? 0 : found->second.valid ? 1 : 2;
  return 0;
}

int emulator_instantiate(void* graph, void** executable) {
  *executable = new Graph(*(Graph*)graph);
  return 0;
}

int emulator_launch_graph(void* executable, void* stream) {
  bool record = false;
  if (int error = emulator_admit(stream, &record)) return error;
  if (record) return CAPTURE_UNSUPPORTED;
  ++emulator_graph_launches;
  for (auto& work : *(Graph*)executable) work();
  return 0;
}

void emulator_destroy_graph(void* graph) { delete (Graph*)graph; }

int emulator_admit(void* stream, bool* record) {
  std::lock_guard<std::mutex> hold(mutex);
  if (spoils_a_capture(stream)) return CAPTURE_IMPLICIT;
  auto found = captures.find(stream);
  *record = found != captures.end();
  return *record && !found->second.valid ? CAPTURE_INVALIDATED : 0;
}

int emulator_admit_wait(void* stream) {
  std::lock_guard<std::mutex> hold(mutex);
  if (spoils_a_capture(stream)) return CAPTURE_IMPLICIT;
  auto found = captures.find(stream);
  if (found == captures.end()) return 0;
  found->second.valid = false;
  return CAPTURE_UNSUPPORTED;
}
}

void emulator_record(void* stream, std::function<void()> work) {
  std::lock_guard<std::mutex> hold(mutex);
  captures.at(stream).graph.push_back(std::move(work));
}
