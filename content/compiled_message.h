// A message's compiled pieces. Used by message.cpp and message_render.cpp alone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "content/markdown.h"
#include "content/message.h"

namespace nurtured::content {

struct CompiledButton {
  std::string id;
  liquid::Template text;
  liquid::Template url;
};

struct CompiledBody {
  liquid::Template text;                   // Markdown
  std::shared_ptr<MarkdownReader> reader;  // which remembers, and answers the same as if it did not
};

// One language. What a variant leaves out is the first file's.
struct CompiledWording {
  liquid::Template subject;
  liquid::Template preheader;
  CompiledBody body;
  std::vector<CompiledButton> buttons;
  std::map<std::string, CompiledBody, std::less<>> overrides;
};

struct CompiledMessage {
  std::string name;
  rules::Kind kind = rules::Kind::value;
  CompiledWording wording;
  std::map<std::string, CompiledWording, std::less<>> variants;
  std::vector<std::string> attachments;
  std::string layout;
  std::shared_ptr<const Library> library;
  std::map<std::string, liquid::Usage> usage;
};

// The wording for a reader's locale: exactly it, its language, or the first file's.
const CompiledWording& wording_for(const CompiledMessage& message, std::string_view locale);

}  // namespace nurtured::content
