# What every target of ours is compiled with. Outside headers are SYSTEM, so the warnings speak of our lines alone.
option(NURTURED_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(NURTURED_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined")

add_library(settings INTERFACE)
target_compile_options(settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside the standard library's own inlined code (GCC bugs 105651, 105329, 107532, 100366).
  target_compile_options(settings INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-maybe-uninitialized -Wno-array-bounds -Wno-free-nonheap-object)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Designated initialisers that leave the defaults alone are how options are written here.
  target_compile_options(settings INTERFACE -Wno-missing-designated-field-initializers -Wno-missing-field-initializers)
  # Of libstdc++ 12's own stable_sort, instantiated where we call it.
  target_compile_options(settings INTERFACE -Wno-deprecated-declarations)
else()
  target_compile_options(settings INTERFACE -Wno-missing-field-initializers)
endif()
target_compile_definitions(settings INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2> NURTURED_VERSION="${PROJECT_VERSION}")
# Addresses of the libraries' functions are settled at the start and read-only from then on.
target_link_options(settings INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)
target_include_directories(settings INTERFACE ${CMAKE_SOURCE_DIR})
if(NURTURED_SANITIZE)
  target_compile_options(settings INTERFACE -fsanitize=${NURTURED_SANITIZE} -fno-sanitize-recover=all)
  target_compile_definitions(settings INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(settings INTERFACE -fsanitize=${NURTURED_SANITIZE})
endif()
if(NURTURED_SANITIZE MATCHES "thread")
  # ThreadSanitizer does not see lone fences, and g++ says so; Asio's queues synchronise by mutexes beside them.
  target_compile_definitions(settings INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(NURTURED_FUZZ)
  target_compile_options(settings INTERFACE -fsanitize=fuzzer-no-link)
endif()

# ccache serves every build folder and every clone alike, once paths are relative and nothing but the text counts. A
# precompiled header carries its folder's path into each compilation, which would undo that: so it is one or the other.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=time_macros ${CCACHE})
endif()
if(CCACHE)
  set(NURTURED_PCH_DEFAULT OFF)
else()
  set(NURTURED_PCH_DEFAULT ON)
endif()
option(NURTURED_PCH "Precompile the standard headers" ${NURTURED_PCH_DEFAULT})
