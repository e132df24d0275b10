# embed_workspace(OUTPUT): config/default and the schemas it points to as C++ texts, so that the program carries a
# workspace inside. In a workspace of its own the schemas lie within the folder, not beside it.
function(embed_workspace output)
  file(GLOB_RECURSE files LIST_DIRECTORIES false CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/default
    ${CMAKE_CURRENT_SOURCE_DIR}/default/*)
  file(GLOB schemas CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/schema/*.json)
  list(SORT files)
  set(entries "")
  foreach(path ${files} ${schemas})
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/default/${path})
    if(NOT EXISTS ${source})
      set(source ${CMAKE_CURRENT_SOURCE_DIR}/${path})
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(READ ${source} text)
    string(REPLACE "$schema=../../schema/" "$schema=../schema/" nested "${text}")
    if(nested STREQUAL text)
      string(REPLACE "$schema=../schema/" "$schema=schema/" nested "${text}")
    endif()
    string(APPEND entries "      {\"${path}\", R\"embedded(${nested})embedded\"},\n")
  endforeach()
  set(code "// Made from config/default and config/schema by config/embed.cmake.
#include <algorithm>

#include \"config/workspace.h\"

namespace nurtured::config {

std::vector<File> default_workspace() {
  std::vector<File> files{
${entries}  };
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

}  // namespace nurtured::config
")
  set(former "")
  if(EXISTS ${output})
    file(READ ${output} former)
  endif()
  if(NOT former STREQUAL code)
    file(WRITE ${output} "${code}")
  endif()
endfunction()
