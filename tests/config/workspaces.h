// Workspaces in memory for tests: a small one that is right, of which a case changes some files.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "config/compile.h"
#include "config/workspace.h"
#include "config/zones.h"

namespace nurtured::config {

inline CompileOptions test_options() {
  CompileOptions options;
  options.zones = system_zones().value();
  options.connector_types.names = {"file", "smtp", "telegram", "webhook"};
  options.connector_types.with_subject = {"smtp"};
  options.connector_types.mail = {"smtp"};
  options.connector_types.actions = {
      {"file", {{.name = "write", .gives = {{{"file", cel::Type::string()}}, false}}}},
      {"smtp", {}},
      {"telegram", {}},
      {"webhook",
       {{.name = "post"},
        {.name = "label",
         .takes = {{{"name", cel::Type::string()}, {"count", cel::Type::integer()}}, false},
         .required = {"name"},
         .gives = {{{"id", cel::Type::integer()}}, false}}}}};
  options.connector_types.check = [](std::string_view type, Section& section) {
    if (type == "smtp") {
      section.require("url", "write smtp://HOST:PORT");
      section.secret("url");
      section.text("from");
      section.rate("rate");
    } else if (type == "telegram") {
      section.require("token", "write ${credential:telegram}");
      section.secret("token");
    } else if (type == "file") {
      section.text("path");
    } else {
      section.secret("url");
    }
  };
  return options;
}

inline Workspace small_workspace() {
  Workspace workspace;
  workspace.files = {
      {"content/bye.md", "---\nkind: value\nsubject: Bye\n---\nBye.\n"},
      {"content/deal.md", "---\nkind: offer\nsubject: A deal\n---\nBuy it.\n"},
      {"content/hello.md", "---\nkind: value\nsubject: Hello\n---\nHello!\n"},
      {"nurtured.yaml",
       "connectors:\n  out: {type: file, path: outbox}\nchannels: {email: out, telegram: out}\n"},
  };
  return workspace;
}

// Replaces or adds.
inline void put(Workspace& workspace, std::string path, std::string text) {
  std::erase_if(workspace.files, [&](const File& file) { return file.path == path; });
  workspace.files.push_back({std::move(path), std::move(text)});
  std::sort(workspace.files.begin(), workspace.files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
}

inline Compiled compile_with(std::string path, std::string text) {
  Workspace workspace = small_workspace();
  put(workspace, std::move(path), std::move(text));
  return compile(workspace, test_options());
}

// "PATH:LINE:COL: error: what; what would be right", as users see it, without source lines.
inline std::string line_of(const Problem& problem) {
  std::string line = base::to_string(problem.place);
  if (!line.empty()) line += ": ";
  line += std::string(to_string(problem.severity)) + ": " + problem.message;
  if (!problem.remedy.empty()) line += "; " + problem.remedy;
  if (!problem.name.empty()) line += " [" + problem.name + "]";
  return line;
}

inline std::vector<std::string> lines_of(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) lines.push_back(line_of(problem));
  return lines;
}

}  // namespace nurtured::config
