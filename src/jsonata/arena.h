// Memory of one evaluation: given out in a row, given back all at once. Nothing in it is destroyed, so it
// holds only what needs no destructor; deep or circular values end as simply as flat ones.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace penstock::jsonata {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* Allocate(size_t bytes) {
    bytes = (bytes + 15) & ~size_t{15};
    if (bytes > left_) Grow(bytes);
    void* place = next_;
    next_ += bytes;
    left_ -= bytes;
    return place;
  }

  template <typename T, typename... Arguments>
  T* New(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Allocate(sizeof(T))) T{std::forward<Arguments>(arguments)...};
  }

  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* place = static_cast<char*>(Allocate(text.size()));
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  // Bytes taken from the machine.
  size_t size() const { return size_; }

 private:
  void Grow(size_t bytes) {
    const size_t chunk = std::max(bytes, std::min<size_t>(size_t{1} << 20, std::max<size_t>(4096, size_)));
    chunks_.emplace_back(new std::byte[chunk]);
    next_ = chunks_.back().get();
    left_ = chunk;
    size_ += chunk;
  }

  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  size_t size_ = 0;
};

}  // namespace penstock::jsonata
