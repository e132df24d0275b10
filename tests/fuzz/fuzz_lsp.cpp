// The language server on arbitrary bytes: as frames, as messages of a session, and as a file that
// is open with the cursor at every so many bytes of it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/compile.h"
#include "daemon/lsp/framing.h"
#include "daemon/lsp/session.h"
#include "rules/cel/json.h"

namespace {

using namespace nurtured;
using namespace nurtured::daemon;

config::Workspace small() {
  config::Workspace workspace;
  workspace.files = {
      {"content/hello.md", "---\nkind: value\nsubject: Hello\n---\nHello!\n"},
      {"nurtured.yaml", "connectors: {out: {type: file}}\nchannels: {email: out}\n"},
      {"playbooks/p.yaml", "start: paid\nsteps: [{send: hello}]\n"},
  };
  return workspace;
}

BookFiles read(const std::vector<config::File>& drafts) {
  BookFiles files{.workspace = small()};
  for (const config::File& draft : drafts) {
    std::erase_if(files.workspace.files,
                  [&](const config::File& file) { return file.path == draft.path; });
    files.workspace.files.push_back(draft);
  }
  auto compiled = config::compile(files.workspace, {});
  files.problems = std::move(compiled.problems);
  files.config = std::move(compiled.config);
  files.names = std::move(compiled.names);
  return files;
}

void check(const std::vector<std::string>& bodies) {
  for (const std::string& body : bodies) {
    if (!cel::from_json(body, {.bytes_max = std::size_t{64} << 20, .depth_max = 64})) {
      __builtin_trap();
    }
  }
}

lsp::Session begun() {
  lsp::Session session(
      {.folder = "/w",
       .open = [](const std::string&) -> base::Result<lsp::ReadBook> { return read; }});
  check(session.handle(R"({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})"));
  return session;
}

void converse(std::string_view bytes) {
  lsp::Session session = begun();
  lsp::FrameReader frames;
  frames.feed(bytes);
  while (const auto frame = frames.next()) {
    check(frame->kind == lsp::Frame::Kind::whole ? session.handle(frame->body)
                                                 : session.refuse(frame->kind));
  }
  check(session.handle(bytes));
  check(session.settle());
}

void look(std::string_view path, std::string_view text) {
  lsp::Session session = begun();
  const cel::Value document =
      cel::Map{{"uri", "file:///w/" + std::string(path)}, {"version", 1}, {"text", text}};
  check(session.handle(cel::to_json(cel::Map{{"jsonrpc", "2.0"},
                                             {"method", "textDocument/didOpen"},
                                             {"params", cel::Map{{"textDocument", document}}}})));
  for (std::size_t offset = 0; offset <= text.size(); offset += 1 + text.size() / 4) {
    const cel::Value place = to_value(position_at(text, offset, lsp::PositionEncoding::utf16));
    for (const char* what : {"completion", "hover", "definition"}) {
      check(session.handle(cel::to_json(
          cel::Map{{"jsonrpc", "2.0"},
                   {"id", 1},
                   {"method", std::string("textDocument/") + what},
                   {"params", cel::Map{{"textDocument", document}, {"position", place}}}})));
    }
  }
  check(session.settle());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::string_view paths[] = {"playbooks/p.yaml", "content/hello.md", "nurtured.yaml"};
  if (data[0] % 4 == 3) {
    converse(bytes);
  } else {
    look(paths[data[0] % 4], bytes);
  }
  return 0;
}
