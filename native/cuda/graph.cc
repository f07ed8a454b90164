#include "cuda/graph.h"

#include <utility>

#include "cuda/reaper.h"

namespace glocal::cuda {

// Relaxed: other threads go on allocating, and a kernel may be loaded in the midst of it.
Graph::Capturing::Capturing(const Context& context, const Stream& stream)
    : context_(context), stream_(stream) {
  context.Call("cuStreamBeginCapture", &Driver::cuStreamBeginCapture_v2, stream.get(),
               kCaptureRelaxed);
}

Graph::Capturing::~Capturing() {
  if (ended_) return;
  CUgraph unfinished = nullptr;
  context_.driver().cuStreamEndCapture(stream_.get(), &unfinished);
  if (unfinished) context_.driver().cuGraphDestroy(unfinished);
}

CUgraph Graph::Capturing::End() {
  CUgraph captured = nullptr;
  ended_ = true;
  context_.Call("cuStreamEndCapture", &Driver::cuStreamEndCapture, stream_.get(), &captured);
  return captured;
}

Graph::Graph(std::shared_ptr<const Context> context, CUgraph captured)
    : context_(std::move(context)) {
  const Driver& driver = context_->driver();
  const CUresult result = driver.cuGraphInstantiateWithFlags(&graph_, captured, 0);
  driver.cuGraphDestroy(captured);
  Check(driver, result, "cuGraphInstantiate");
}

Graph::~Graph() {
  Reaper::Give([context = std::move(context_), graph = graph_] {
    context->MakeCurrent();
    context->driver().cuGraphExecDestroy(graph);
  });
}

}  // namespace glocal::cuda
