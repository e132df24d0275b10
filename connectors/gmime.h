// GMime's objects as values that free themselves, and its start. For the sources that read or write
// MIME; inside connectors/ only.
#pragma once

#include <memory>

#include <gmime/gmime.h>

namespace nurtured::connectors {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

// GMime's tables, for the life of the process: its count of users is not safe on several threads.
// Call it before anything else of the library.
inline void use_gmime() {
  static const bool ready = [] {
    g_mime_init();
    return true;
  }();
  static_cast<void>(ready);
}

}  // namespace nurtured::connectors
