// The live handles of one kind.
#pragma once

#include <map>
#include <memory>

namespace mock {

template <class T>
class Registry {
 public:
  T* Add(std::unique_ptr<T> item) {
    T* handle = item.get();
    items_[handle] = std::move(item);
    return handle;
  }
  T* Make() {
    T* item = Add(std::make_unique<T>());
    item->number = ++last_number_;
    return item;
  }
  // Null if the handle is none, or no longer.
  T* Find(void* handle) const {
    const auto found = items_.find(handle);
    return found == items_.end() ? nullptr : found->second.get();
  }
  bool Remove(void* handle) { return items_.erase(handle) != 0; }
  void Clear() { items_.clear(); }

  const std::map<void*, std::unique_ptr<T>>& items() const { return items_; }

 private:
  std::map<void*, std::unique_ptr<T>> items_;
  int last_number_ = 0;
};

}  // namespace mock
