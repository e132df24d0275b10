// A conversation with an editor in the Language Server Protocol (LSP 3.17), as a state machine:
// what came in goes in, what is to be sent comes out. It neither reads nor writes but through what
// it is handed, so that tests and the fuzzer talk to it directly. Not for several threads at once.
//
//   for (const std::string& body : session.handle(message)) send(body);
//   if (!more_is_waiting) for (const std::string& body : session.settle()) send(body);
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "daemon/book_keeper.h"
#include "daemon/lsp/documents.h"
#include "daemon/lsp/framing.h"
#include "rules/cel/value.h"

namespace nurtured::daemon::lsp {

class Spot;

// A workspace with these texts in the place of its files.
using ReadBook = std::function<BookFiles(std::vector<config::File> drafts)>;

struct SessionOptions {
  std::string folder;  // of --config, absolute and without a final slash; empty: the editor's
  // The error where the folder is no workspace.
  std::function<base::Result<ReadBook>(const std::string& folder)> open;
};

class Session {
 public:
  explicit Session(SessionOptions options) : options_(std::move(options)) {}

  // Takes the body of one message and gives those of the answers. Never throws for what it says.
  std::vector<std::string> handle(std::string_view body);
  // Likewise for a frame that has no body to be read; not for a whole one.
  std::vector<std::string> refuse(Frame::Kind kind);
  // The diagnostics that changed, to be asked for when nothing more waits to be handled: a file is
  // not checked for each of the letters that came in meanwhile.
  std::vector<std::string> settle();
  // Set once the editor has said `exit`: the exit status that LSP wants for it, 0 after `shutdown`.
  std::optional<int> exit_status() const { return exit_status_; }

 private:
  enum class State { fresh, running, shut_down };

  cel::Value answer(const std::string& method, const cel::Value& params);
  void take(const std::string& method, const cel::Value& params);
  cel::Value initialize(const cel::Value& params);
  void open_workspace(const cel::Value& params);
  void watch_files();
  void open_document(const cel::Value& params);
  void change_document(const cel::Value& params);
  void close_document(const cel::Value& params);
  cel::Value look(const std::string& method, const cel::Value& params);
  cel::Value definition(const Spot& spot) const;

  void send(const cel::Value& message);
  void tell(const char* method, cel::Value params);
  void show(std::string message);
  std::vector<std::string> take_out() { return std::exchange(out_, {}); }

  void read_files();
  // The diagnostics of each file that has any, or has had, by path.
  std::map<std::string, cel::List> diagnostics() const;
  // As the workspace has it: empty for what is none of its files.
  std::string path_of(const cel::Value& params) const;
  std::string uri_of(const std::string& path) const;
  std::string_view text_of(const std::string& path) const;

  SessionOptions options_;
  State state_ = State::fresh;
  PositionEncoding encoding_ = PositionEncoding::utf16;
  bool watches_ = false;  // the editor takes a registration for files that change
  std::string root_;      // of the workspace; empty without one
  ReadBook read_;
  std::map<std::string, Document, std::less<>> documents_;  // by path
  BookFiles files_;                                         // as they were read last
  bool is_stale_ = true;                                    // they have changed since
  bool is_settled_ = false;
  std::map<std::string, std::string> published_;  // by path, what was last said
  std::vector<std::string> out_;
  std::optional<int> exit_status_;
};

}  // namespace nurtured::daemon::lsp
