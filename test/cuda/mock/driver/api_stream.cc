// libcuda: streams, capture, graphs and events.
#include "state.h"

using mock::Call;
using mock::Capture;
using mock::CudaResult;
using mock::Driver;
using mock::Event;
using mock::Graph;
using mock::GraphExec;
using mock::LogLine;
using mock::Needs;
using mock::Stream;

MOCK_API int cuStreamCreate(void** result, unsigned flags) {
  return Call("cuStreamCreate", Needs::kContext, [&](Driver& driver, LogLine& line) {
    if (flags > 1) return mock::kInvalidValue;
    Stream* stream = driver.streams.Make();
    stream->blocking = flags == 0;
    line.Add("stream", stream->number).Add("blocking", stream->blocking);
    *result = stream;
    return mock::kSuccess;
  });
}

MOCK_API int cuStreamDestroy_v2(void* handle) {
  return Call("cuStreamDestroy_v2", Needs::kContext, [&](Driver& driver, LogLine& line) {
    const Stream* stream = driver.streams.Find(handle);
    if (stream == nullptr) return mock::kInvalidHandle;
    line.Add("stream", stream->number);
    driver.streams.Remove(handle);
    return mock::kSuccess;
  });
}

MOCK_API int cuStreamSynchronize(void* handle) {
  return Call("cuStreamSynchronize", Needs::kContext, [&](Driver& driver, LogLine& line) {
    Stream* stream = driver.streams.Find(handle);
    if (handle != nullptr && stream == nullptr) return mock::kInvalidHandle;
    line.Add("stream", driver.StreamNumber(handle));
    if (stream != nullptr && stream->capture) {
      const bool valid = stream->capture->valid;
      stream->capture->valid = false;
      return valid ? mock::kCaptureUnsupported : mock::kCaptureInvalidated;
    }
    // Everything ran when it was submitted; now it shows whether it wrote where it should not.
    if (!driver.memory.GuardsAreWhole()) driver.fault = mock::kIllegalAddress;
    return driver.fault;
  });
}

// --- Capture and graphs --------------------------------------------------------------------------

MOCK_API int cuStreamBeginCapture_v2(void* handle, int mode) {
  return Call("cuStreamBeginCapture_v2", Needs::kContext, [&](Driver& driver, LogLine& line) {
    line.Add("stream", driver.StreamNumber(handle)).Add("mode", mode);
    if (handle == nullptr) return mock::kCaptureUnsupported;
    if (mode < mock::kCaptureGlobal || mode > mock::kCaptureRelaxed) return mock::kInvalidValue;
    Stream* stream = driver.streams.Find(handle);
    if (stream == nullptr) return mock::kInvalidHandle;
    if (stream->capture) return mock::kIllegalState;
    stream->capture = Capture{static_cast<mock::CaptureMode>(mode), mock::ThreadNumber(), true, {}};
    return mock::kSuccess;
  });
}

MOCK_API int cuStreamEndCapture(void* handle, void** result) {
  return Call("cuStreamEndCapture", Needs::kContext, [&](Driver& driver, LogLine& line) {
    *result = nullptr;
    Stream* stream = driver.streams.Find(handle);
    if (stream == nullptr) return mock::kInvalidHandle;
    line.Add("stream", stream->number);
    if (!stream->capture) return mock::kIllegalState;
    if (stream->capture->mode != mock::kCaptureRelaxed &&
        stream->capture->thread != mock::ThreadNumber()) {
      return mock::kCaptureWrongThread;
    }
    Capture capture = std::move(*stream->capture);
    stream->capture.reset();
    if (!capture.valid) return mock::kCaptureInvalidated;
    Graph* graph = driver.graphs.Make();
    graph->work = std::move(capture.work);
    line.Add("graph", graph->number).Add("nodes", graph->work.size());
    *result = graph;
    return mock::kSuccess;
  });
}

MOCK_API int cuGraphInstantiateWithFlags(void** result, void* handle, unsigned long long flags) {
  return Call("cuGraphInstantiateWithFlags", Needs::kContext, [&](Driver& driver, LogLine& line) {
    const Graph* graph = driver.graphs.Find(handle);
    if (graph == nullptr) return mock::kInvalidHandle;
    GraphExec* exec = driver.graph_execs.Make();
    exec->work = graph->work;
    line.Add("graph", graph->number).Add("exec", exec->number).Add("flags", flags);
    *result = exec;
    return mock::kSuccess;
  });
}

MOCK_API int cuGraphLaunch(void* handle, void* stream) {
  return Call("cuGraphLaunch", Needs::kContext, [&](Driver& driver, LogLine& line) {
    const GraphExec* exec = driver.graph_execs.Find(handle);
    if (exec == nullptr) return mock::kInvalidHandle;
    line.Add("exec", exec->number).Add("nodes", exec->work.size());
    line.Add("stream", driver.StreamNumber(stream));
    Stream* live = driver.streams.Find(stream);
    if (stream != nullptr && live == nullptr) return mock::kInvalidHandle;
    if (live != nullptr && live->capture) {
      live->capture->valid = false;
      return mock::kCaptureUnsupported;
    }
    for (const mock::Work& work : exec->work) driver.Run(work);
    return mock::kSuccess;
  });
}

MOCK_API int cuGraphExecDestroy(void* handle) {
  return Call("cuGraphExecDestroy", Needs::kContext, [&](Driver& driver, LogLine& line) {
    const GraphExec* exec = driver.graph_execs.Find(handle);
    if (exec == nullptr) return mock::kInvalidHandle;
    line.Add("exec", exec->number);
    driver.graph_execs.Remove(handle);
    return mock::kSuccess;
  });
}

MOCK_API int cuGraphDestroy(void* handle) {
  return Call("cuGraphDestroy", Needs::kContext, [&](Driver& driver, LogLine& line) {
    const Graph* graph = driver.graphs.Find(handle);
    if (graph == nullptr) return mock::kInvalidHandle;
    line.Add("graph", graph->number);
    driver.graphs.Remove(handle);
    return mock::kSuccess;
  });
}

// --- Events --------------------------------------------------------------------------------------

MOCK_API int cuEventCreate(void** result, unsigned flags) {
  return Call("cuEventCreate", Needs::kContext, [&](Driver& driver, LogLine&) {
    Event* event = driver.events.Make();
    event->timed = (flags & 2) == 0;
    *result = event;
    return mock::kSuccess;
  });
}

MOCK_API int cuEventRecord(void* handle, void* stream) {
  return Call("cuEventRecord", Needs::kContext, [&](Driver& driver, LogLine& line) {
    Event* event = driver.events.Find(handle);
    if (event == nullptr) return mock::kInvalidHandle;
    line.Add("event", event->number).Add("stream", driver.StreamNumber(stream));
    const Stream* live = driver.streams.Find(stream);
    event->captured = live != nullptr && live->capture.has_value();
    return driver.Submit(stream, {"cuEventRecord", [&driver, handle] {
                                    Event* recorded = driver.events.Find(handle);
                                    if (recorded == nullptr) return mock::kInvalidHandle;
                                    recorded->at = std::chrono::steady_clock::now();
                                    return mock::kSuccess;
                                  }});
  });
}

MOCK_API int cuEventSynchronize(void* handle) {
  return Call("cuEventSynchronize", Needs::kContext, [&](Driver& driver, LogLine& line) {
    const Event* event = driver.events.Find(handle);
    if (event == nullptr) return mock::kInvalidHandle;
    line.Add("event", event->number);
    if (const CudaResult refused = driver.RefuseWhileCapturing()) {
      return event->captured ? mock::kCapturedEvent : refused;
    }
    return driver.fault;
  });
}

MOCK_API int cuEventElapsedTime(float* milliseconds, void* start_handle, void* end_handle) {
  return Call("cuEventElapsedTime", Needs::kContext, [&](Driver& driver, LogLine&) {
    const Event* start = driver.events.Find(start_handle);
    const Event* end = driver.events.Find(end_handle);
    if (start == nullptr || end == nullptr) return mock::kInvalidHandle;
    if (!start->timed || !end->timed || !start->at || !end->at) return mock::kInvalidHandle;
    *milliseconds = std::chrono::duration<float, std::milli>(*end->at - *start->at).count();
    return mock::kSuccess;
  });
}

MOCK_API int cuEventDestroy_v2(void* handle) {
  return Call("cuEventDestroy_v2", Needs::kContext, [&](Driver& driver, LogLine&) {
    return driver.events.Remove(handle) ? mock::kSuccess : mock::kInvalidHandle;
  });
}
