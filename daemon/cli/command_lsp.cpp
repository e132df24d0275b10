// lsp: the language server, over standard input and output.
#include <array>
#include <filesystem>
#include <istream>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "daemon/cli/toolbox.h"
#include "daemon/lsp/framing.h"
#include "daemon/lsp/session.h"

namespace nurtured::daemon::cli {
namespace {

using base::Result;

Result<lsp::ReadBook> open_book(const Call& call, const std::string& folder) {
  const Call there{.console = call.console, .world = call.world, .config = folder};
  auto keeper = make_keeper(there);
  if (!keeper) return base::fail(keeper.error());
  if (const auto workspace = config::read_workspace(folder); !workspace) {
    return base::fail(workspace.error());
  }
  return [keeper = std::shared_ptr<const BookKeeper>(*std::move(keeper))](
             std::vector<config::File> drafts) { return keeper->read_with(std::move(drafts)); };
}

void write(std::ostream& out, const std::vector<std::string>& bodies) {
  for (const std::string& body : bodies) out << lsp::framed(body);
}

// What is there, at least a byte; empty at the end. Never waits for more than that byte.
std::string read_some(std::istream& in) {
  std::array<char, 65536> buffer{};
  const int first = in.get();
  if (first == std::istream::traits_type::eof()) return {};
  buffer[0] = static_cast<char>(first);
  const auto more = in.readsome(buffer.data() + 1, buffer.size() - 1);
  return {buffer.data(), static_cast<std::size_t>(1 + more)};
}

int serve(const Call& call, const std::string& folder) {
  lsp::Session session(
      {.folder = folder, .open = [&call](const std::string& at) { return open_book(call, at); }});
  lsp::FrameReader frames;
  while (!session.exit_status() && call.console.out) {
    const std::string bytes = read_some(call.console.in);
    if (bytes.empty()) return found_problem;
    frames.feed(bytes);
    while (auto frame = frames.next()) {
      write(call.console.out, frame->kind == lsp::Frame::Kind::whole ? session.handle(frame->body)
                                                                     : session.refuse(frame->kind));
      if (frame->kind == lsp::Frame::Kind::broken) {
        call.console.out.flush();
        return complain(call, {base::ErrorKind::invalid,
                               "standard input does not speak the Language Server Protocol",
                               "have an editor start this command",
                               {}});
      }
      if (session.exit_status()) break;
    }
    if (call.console.in.rdbuf()->in_avail() <= 0) write(call.console.out, session.settle());
    call.console.out.flush();
  }
  return session.exit_status().value_or(found_problem);
}

// The folder as editors spell it.
std::string absolute_folder(const std::string& config) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(workspace_folder(config), error);
  std::string path = (error ? std::filesystem::path(config) : folder).lexically_normal().string();
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

void add_lsp(CLI::App& app, Call& call) {
  auto* command = app.add_subcommand(
      "lsp",
      "a language server for editors, over standard input and output: problems as you "
      "type, completion, hover, go to definition");
  add_examples(*command,
               "  nurtured lsp                  # the workspace that the editor has open\n"
               "  nurtured --config shop lsp");
  command->callback([&app, &call] {
    const std::string folder = app.count("--config") > 0 ? absolute_folder(call.config) : "";
    call.action = [&call, folder] { return serve(call, folder); };
  });
}

}  // namespace nurtured::daemon::cli
