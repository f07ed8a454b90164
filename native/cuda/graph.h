// A stretch of work, captured once and launched many times.
#pragma once

#include <memory>

#include "cuda/stream.h"

namespace glocal::cuda {

// Destroyed by the reaper.
class Graph {
 public:
  // What `issue` puts into the stream meanwhile becomes the graph, and is not done.
  template <class Issue>
  static std::unique_ptr<Graph> Capture(std::shared_ptr<const Context> context,
                                        const Stream& stream, const Issue& issue) {
    Capturing capturing(*context, stream);
    issue();
    return std::unique_ptr<Graph>(new Graph(std::move(context), capturing.End()));
  }
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void Launch(const Stream& stream) const {
    context_->Call("cuGraphLaunch", &Driver::cuGraphLaunch, graph_, stream.get());
  }

 private:
  class Capturing {
   public:
    Capturing(const Context& context, const Stream& stream);
    ~Capturing();  // gives up, unless it has ended
    CUgraph End();

   private:
    const Context& context_;
    const Stream& stream_;
    bool ended_ = false;
  };

  // Takes `captured`.
  Graph(std::shared_ptr<const Context> context, CUgraph captured);

  std::shared_ptr<const Context> context_;
  CUgraphExec graph_ = nullptr;
};

}  // namespace glocal::cuda
