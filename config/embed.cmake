# write_changed(OUTPUT TEXT): leaves a file that has the text already as it is, so that nothing is built anew.
function(write_changed output text)
  set(former "")
  if(EXISTS ${output})
    file(READ ${output} former)
  endif()
  if(NOT former STREQUAL text)
    file(WRITE ${output} "${text}")
  endif()
endfunction()

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
  write_changed(${output} "${code}")
endfunction()

# embed_lint_pages(OUTPUT): docs/lints/*.md as C++ texts, for `nurtured check --explain`.
function(embed_lint_pages output)
  file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/lints/*.md)
  list(SORT pages)
  set(entries "")
  set(count 0)
  foreach(page ${pages})
    get_filename_component(name ${page} NAME_WE)
    if(name STREQUAL "README")
      continue()
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
    file(READ ${page} text)
    string(APPEND entries "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  set(code "// Made from docs/lints by config/embed.cmake.
#include <array>

#include \"config/lint_pages.h\"

namespace nurtured::config {

std::span<const LintPage> lint_pages() {
  static constexpr std::array<LintPage, ${count}> pages{{
${entries}  }};
  return pages;
}

}  // namespace nurtured::config
")
  write_changed(${output} "${code}")
endfunction()
