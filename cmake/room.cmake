# room(NAME SOURCES ... LINK ...): one folder's static library. LINK names the rooms and libraries that it may use.
function(room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(${name} PUBLIC settings ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE_LINK})
  if(NURTURED_PCH)
    target_precompile_headers(${name} PRIVATE <algorithm> <chrono> <cstdint> <functional> <map> <memory> <optional>
      <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)
  endif()
endfunction()

# room_test(NAME SOURCES ... LINK ...): the tests of one folder as one program, found by CTest.
function(room_test name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ROOM_SOURCES})
  target_link_libraries(${name} PRIVATE settings test_main ${ROOM_LINK})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()
