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

# embed_workspaces(OUTPUT): config/default, every folder of config/examples, and the schemas that they point to, as C++
# texts, so that the program carries workspaces inside. In a workspace of its own the schemas lie within the folder.
function(embed_workspaces output)
  file(GLOB schemas CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/schema/*.json)
  file(GLOB examples CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/examples ${CMAKE_CURRENT_SOURCE_DIR}/examples/*)
  list(SORT examples)
  set(entries "")
  foreach(path ${schemas})
    embed_file(${CMAKE_CURRENT_SOURCE_DIR}/${path} "" ${path} entries)
  endforeach()
  foreach(name default ${examples})
    set(folder ${CMAKE_CURRENT_SOURCE_DIR}/examples/${name})
    if(name STREQUAL "default")
      set(folder ${CMAKE_CURRENT_SOURCE_DIR}/default)
    endif()
    file(GLOB_RECURSE files LIST_DIRECTORIES false CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*)
    list(SORT files)
    foreach(path ${files})
      embed_file(${folder}/${path} ${name} ${path} entries)
    endforeach()
  endforeach()
  set(code "// Made from config/default, config/examples and config/schema by config/embed.cmake.
#include \"config/embedded.h\"

namespace nurtured::config {

std::vector<EmbeddedFile> embedded_files() {
  return {
${entries}  };
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

# Adds SOURCE to the list named LIST as the file PATH of the workspace NAME. The line that points to its schema is
# made to point to schema/ at the workspace's root.
function(embed_file source name path list)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} text)
  string(REGEX REPLACE "[^/]+/" "../" up "${path}")
  string(REGEX REPLACE "[^/]+$" "" up "${up}")
  string(REGEX REPLACE "([$]schema=)(\\.\\./)+schema/" "\\1${up}schema/" text "${text}")
  set(${list} "${${list}}      {\"${name}\", \"${path}\", R\"embedded(${text})embedded\"},\n" PARENT_SCOPE)
endfunction()
