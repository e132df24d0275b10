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
  set(former "")
  if(EXISTS ${output})
    file(READ ${output} former)
  endif()
  if(NOT former STREQUAL code)
    file(WRITE ${output} "${code}")
  endif()
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
