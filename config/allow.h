// Warnings that somebody has looked at and wants: a YAML comment `# nurtured: allow NAME — why` at
// the end of the line that is warned of, or on the lines right above it. Inside config/ only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/workspace.h"

namespace nurtured::config {

// Comments of one file that are read; further ones silence nothing, and are told so.
inline constexpr std::size_t allows_max = 1000;

struct Allow {
  std::string name;   // of the lint; empty where the comment is none that can be read
  base::Place place;  // of the comment, from its `#`
  int line = 0;       // that it speaks of; that of the comment itself where nothing follows
};

// In the order of the file. `text` is YAML that parse_yaml reads; a `#` inside a quoted or a block
// scalar is no comment. Empty for YAML that cannot be read: its faults are told elsewhere.
std::vector<Allow> read_allows(std::string_view text, const std::string& path);

// Whose comments are asked: scenarios are read apart from the files that they try.
enum class AllowedIn { playbooks_and_messages, scenarios };

// What is left of `problems` where every .yaml file and every message's front matter has had its
// say. Errors stay. A warning of a whole file, and any of a message, is silenced by a comment
// anywhere in it; one of a file that can hold none (a partial, a layout, an attachment) by one in
// nurtured.yaml. With `is_complete`, when all lints have run, comments that silenced nothing come
// as `unused-allow`.
std::vector<Problem> silence_allowed(const Workspace& workspace, AllowedIn files,
                                     std::vector<Problem> problems, bool is_complete);

}  // namespace nurtured::config
