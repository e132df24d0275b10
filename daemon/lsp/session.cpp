#include "daemon/lsp/session.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "daemon/lsp/completion.h"
#include "daemon/lsp/hover.h"
#include "daemon/lsp/targets.h"
#include "http/url.h"
#include "rules/cel/json.h"

namespace nurtured::daemon::lsp {
namespace {

// JSON-RPC 2.0, section 5.1, and LSP 3.17, "ErrorCodes".
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;
constexpr int invalid_params = -32602;
constexpr int not_initialized = -32002;

constexpr std::string_view file_scheme = "file://";
constexpr std::size_t folders_max = 100;  // of the editor's, that are looked into

constexpr std::array<std::string_view, 3> looks = {"textDocument/completion", "textDocument/hover",
                                                   "textDocument/definition"};

std::string_view string_at(const cel::Value& value, std::string_view key) {
  const cel::Value* found = value.find(key);
  return found != nullptr && found->is_string() ? std::string_view(found->as_string()) : "";
}

// The value under keys within one another; null where there is none.
cel::Value at(const cel::Value& value, std::initializer_list<std::string_view> keys) {
  const cel::Value* found = &value;
  for (const std::string_view key : keys) {
    found = found->find(key);
    if (found == nullptr) return nullptr;
  }
  return *found;
}

cel::Value failure(const cel::Value& id, int code, std::string_view message) {
  return cel::Map{
      {"jsonrpc", "2.0"}, {"id", id}, {"error", cel::Map{{"code", code}, {"message", message}}}};
}

// RFC 8089, of this machine; empty for anything else.
std::string path_of_uri(std::string_view uri) {
  if (!uri.starts_with(file_scheme)) return {};
  uri.remove_prefix(file_scheme.size());
  const std::size_t slash = uri.find('/');
  const std::string_view host = uri.substr(0, slash);
  if (slash == std::string_view::npos || !(host.empty() || host == "localhost")) return {};
  const auto path = http::percent_decode(uri.substr(slash));
  if (!path || path->find('\0') != std::string::npos) return {};
  std::string normal = std::filesystem::path(*path).lexically_normal().string();
  if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

std::string uri_of_path(std::string_view path) {
  std::string uri(file_scheme);
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    uri += http::percent_encode(path.substr(begin, end - begin));
    if (end < path.size()) uri += '/';
    begin = end + 1;
  }
  return uri;
}

// LSP 3.17, DiagnosticSeverity.
int severity_of(config::Severity severity) {
  switch (severity) {
    case config::Severity::error:
      return 1;
    case config::Severity::warning:
      return 2;
    case config::Severity::note:
      break;
  }
  return 3;
}

cel::Value diagnostic(const config::Problem& problem, std::string_view text,
                      PositionEncoding encoding) {
  const Span span = problem.place.line > 0 ? span_of(text, problem.place) : Span{};
  cel::Map out{{"range", range_value(text, span, encoding)},
               {"severity", severity_of(problem.severity)},
               {"source", "nurtured"},
               {"message", problem.remedy.empty() ? problem.message
                                                  : problem.message + "; " + problem.remedy}};
  if (!problem.name.empty()) out.set("code", problem.name);
  return out;
}

// The folders that the editor has open, the workspace's first.
std::vector<std::string> folders_of(const cel::Value& params) {
  std::vector<std::string> folders;
  const cel::Value listed = at(params, {"workspaceFolders"});
  if (listed.is_list()) {
    for (const cel::Value& folder : listed.as_list()) {
      if (folders.size() < folders_max) folders.push_back(path_of_uri(string_at(folder, "uri")));
    }
  }
  folders.push_back(path_of_uri(string_at(params, "rootUri")));
  std::erase(folders, "");
  return folders;
}

}  // namespace

std::vector<std::string> Session::refuse(Frame::Kind kind) {
  send(failure(nullptr, kind == Frame::Kind::broken ? parse_error : invalid_request,
               kind == Frame::Kind::broken
                   ? "there is no header with a Content-Length"
                   : fmt::format("a message has more than {} bytes", frame_bytes_max)));
  return take_out();
}

std::vector<std::string> Session::handle(std::string_view body) {
  const auto message =
      cel::from_json(body, {.bytes_max = frame_bytes_max, .depth_max = 64, .tolerant = true});
  if (!message) {
    send(failure(nullptr, parse_error, message.error().message));
    return take_out();
  }
  const cel::Value id = at(*message, {"id"});
  const cel::Value named = at(*message, {"method"});
  const bool is_request = id.is_int() || id.is_string();
  if (!named.is_string() || string_at(*message, "jsonrpc") != "2.0" ||
      !(is_request || message->find("id") == nullptr)) {
    // An answer to what we asked for says nothing new.
    const bool is_answer = message->find("result") != nullptr || message->find("error") != nullptr;
    if (!is_answer) send(failure(is_request ? id : nullptr, invalid_request, "this is no message"));
    return take_out();
  }
  const std::string& method = named.as_string();
  const cel::Value params = at(*message, {"params"});
  if (!is_request) {
    take(method, params);
  } else if (state_ == State::fresh && method != "initialize") {
    send(failure(id, not_initialized, "`initialize` comes first"));
  } else if (state_ == State::shut_down || (state_ != State::fresh && method == "initialize")) {
    send(failure(id, invalid_request, "this is no longer expected"));
  } else if (method != "initialize" && method != "shutdown" &&
             std::ranges::find(looks, method) == looks.end()) {
    send(failure(id, method_not_found, "there is no such method here"));
  } else if (std::ranges::find(looks, method) != looks.end() &&
             !read_position(params.find("position"))) {
    send(failure(id, invalid_params, "there is no position"));
  } else {
    send(cel::Map{{"jsonrpc", "2.0"}, {"id", id}, {"result", answer(method, params)}});
  }
  return take_out();
}

cel::Value Session::answer(const std::string& method, const cel::Value& params) {
  if (method == "initialize") return initialize(params);
  if (method != "shutdown") return look(method, params);
  state_ = State::shut_down;
  return nullptr;
}

void Session::take(const std::string& method, const cel::Value& params) {
  if (method == "exit") exit_status_ = state_ == State::shut_down ? 0 : 1;
  if (state_ != State::running) return;
  if (method == "initialized") watch_files();
  if (method == "textDocument/didOpen") open_document(params);
  if (method == "textDocument/didChange") change_document(params);
  if (method == "textDocument/didClose") close_document(params);
  if (method == "textDocument/didSave" || method == "workspace/didChangeWatchedFiles") {
    is_stale_ = true;
    is_settled_ = false;
  }
}

// ---- the beginning

cel::Value Session::initialize(const cel::Value& params) {
  state_ = State::running;
  const cel::Value encodings = at(params, {"capabilities", "general", "positionEncodings"});
  const bool takes_utf8 =
      encodings.is_list() &&
      std::ranges::find(encodings.as_list(), cel::Value("utf-8")) != encodings.as_list().end();
  encoding_ = takes_utf8 ? PositionEncoding::utf8 : PositionEncoding::utf16;
  const cel::Value watches =
      at(params, {"capabilities", "workspace", "didChangeWatchedFiles", "dynamicRegistration"});
  watches_ = watches.is_bool() && watches.as_bool();
  open_workspace(params);
  // TextDocumentSyncKind 2: changes come as ranges.
  const cel::Value sync = cel::Map{{"openClose", true}, {"change", 2}, {"save", true}};
  const cel::Value completion =
      cel::Map{{"triggerCharacters", cel::List{" ", "\"", "'", "[", "{", ","}}};
  return cel::Map{{"capabilities", cel::Map{{"positionEncoding", takes_utf8 ? "utf-8" : "utf-16"},
                                            {"textDocumentSync", sync},
                                            {"completionProvider", completion},
                                            {"hoverProvider", true},
                                            {"definitionProvider", true}}},
                  {"serverInfo", cel::Map{{"name", "nurtured"}, {"version", NURTURED_VERSION}}}};
}

void Session::open_workspace(const cel::Value& params) {
  const bool is_given = !options_.folder.empty();
  const auto folders = is_given ? std::vector{options_.folder} : folders_of(params);
  for (const std::string& folder : folders) {
    auto read = options_.open(folder);
    if (!read && is_given) show(base::to_string(read.error()));
    if (!read) continue;
    root_ = folder;
    read_ = *std::move(read);
    return;
  }
}

// Files that something else than the editor writes (LSP 3.17, "DidChangeWatchedFiles").
void Session::watch_files() {
  if (!watches_ || root_.empty()) return;
  const cel::Value watchers = cel::List{cel::Map{{"globPattern", "**/*.{yaml,md,html}"}}};
  const cel::Value registration = cel::Map{{"id", "files"},
                                           {"method", "workspace/didChangeWatchedFiles"},
                                           {"registerOptions", cel::Map{{"watchers", watchers}}}};
  send(cel::Map{{"jsonrpc", "2.0"},
                {"id", "files"},
                {"method", "client/registerCapability"},
                {"params", cel::Map{{"registrations", cel::List{registration}}}}});
}

// ---- documents

void Session::open_document(const cel::Value& params) {
  const std::string path = path_of(params);
  const cel::Value text = at(params, {"textDocument", "text"});
  if (path.empty() || !text.is_string()) return;
  if (documents_.size() >= documents_max && !documents_.contains(path)) {
    show(fmt::format("more than {} files are open: {} is read from the disk", documents_max, path));
    return;
  }
  Document document{std::string(string_at(*params.find("textDocument"), "uri")), 0, {}};
  documents_.insert_or_assign(path, std::move(document));
  const cel::Value whole = cel::List{cel::Map{{"text", text}}};
  change_document(
      cel::Map{{"textDocument", at(params, {"textDocument"})}, {"contentChanges", whole}});
}

void Session::change_document(const cel::Value& params) {
  const std::string path = path_of(params);
  const auto document = documents_.find(path);
  if (document == documents_.end()) return;
  is_stale_ = true;
  is_settled_ = false;
  const cel::Value version = at(params, {"textDocument", "version"});
  if (version.is_int()) document->second.version = version.as_int();
  const auto done = apply_changes(at(params, {"contentChanges"}), encoding_, document->second);
  if (done) return;
  show(fmt::format("{}: {}; the file is read from the disk until it is opened anew", path,
                   done.error().message));
  documents_.erase(document);
}

void Session::close_document(const cel::Value& params) {
  if (documents_.erase(path_of(params)) == 0) return;
  is_stale_ = true;
  is_settled_ = false;
}

std::string Session::path_of(const cel::Value& params) const {
  const std::string path = path_of_uri(string_at(at(params, {"textDocument"}), "uri"));
  const std::string folder = root_ == "/" ? root_ : root_ + "/";
  if (root_.empty() || !path.starts_with(folder)) return {};
  const std::string within = path.substr(folder.size());
  return config::is_read(within) && base::is_utf8(within) ? within : std::string();
}

std::string Session::uri_of(const std::string& path) const {
  const auto document = documents_.find(path);
  if (document != documents_.end()) return document->second.uri;
  return uri_of_path(path.empty() ? root_ : (root_ == "/" ? "" : root_) + "/" + path);
}

std::string_view Session::text_of(const std::string& path) const {
  const auto document = documents_.find(path);
  return document != documents_.end() ? std::string_view(document->second.text)
                                      : files_.workspace.source(path);
}

// ---- questions

cel::Value Session::look(const std::string& method, const cel::Value& params) {
  const auto document = documents_.find(path_of(params));
  if (document == documents_.end()) return nullptr;
  // While something is typed names are offered at once, as they were known last.
  if (method != "textDocument/completion" || files_.workspace.files.empty()) read_files();
  const std::string_view text = document->second.text;
  const Position position = read_position(params.find("position")).value_or(Position{});
  const Spot spot(files_, document->first, text, offset_at(text, position, encoding_));
  if (method == "textDocument/completion") return complete(spot, encoding_);
  return method == "textDocument/hover" ? hover(spot) : definition(spot);
}

cel::Value Session::definition(const Spot& spot) const {
  const auto target = target_of(spot);
  if (!target) return nullptr;
  return cel::Map{{"uri", uri_of(target->path)},
                  {"range", range_value(text_of(target->path), target->name, encoding_)}};
}

// ---- diagnostics

void Session::read_files() {
  if (!is_stale_ || root_.empty()) return;
  std::vector<config::File> drafts;
  drafts.reserve(documents_.size());
  for (const auto& [path, document] : documents_) drafts.push_back({path, document.text});
  const config::WorkspaceNames former = std::move(files_.names);
  files_ = read_(std::move(drafts));
  add_scenarios(files_);
  // What is half typed hides its names, and they are meant nevertheless.
  for (const auto& [sort, known] : former.by_definition) {
    config::KnownNames& now = files_.names.by_definition[sort];
    if (now.names.empty()) now = {known.names, false};
  }
  is_stale_ = false;
}

std::map<std::string, cel::List> Session::diagnostics() const {
  std::map<std::string, cel::List> all;
  for (const auto& [path, document] : documents_) all[path];
  for (const auto& [path, said] : published_) all[path];
  for (const config::Problem& problem : files_.problems) {
    // What concerns no single file is told of the one that every workspace has.
    const std::string path = problem.place.path.empty() ? "nurtured.yaml" : problem.place.path;
    all[path].push_back(diagnostic(problem, text_of(path), encoding_));
  }
  return all;
}

std::vector<std::string> Session::settle() {
  if (is_settled_ || state_ != State::running || root_.empty()) return {};
  read_files();
  is_settled_ = true;
  for (auto& [path, list] : diagnostics()) {
    const auto document = documents_.find(path);
    const bool is_over = list.empty() && document == documents_.end();
    cel::Map params{{"uri", uri_of(path)}, {"diagnostics", std::move(list)}};
    if (document != documents_.end()) params.set("version", document->second.version);
    std::string said = cel::to_json(params);
    if (std::string& former = published_[path]; former != said) {
      former = std::move(said);
      tell("textDocument/publishDiagnostics", std::move(params));
    }
    if (is_over) published_.erase(path);
  }
  return take_out();
}

// ---- sending

void Session::send(const cel::Value& message) {
  out_.push_back(cel::to_json(message));
}

void Session::tell(const char* method, cel::Value params) {
  send(cel::Map{{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
}

// MessageType 2: a warning.
void Session::show(std::string message) {
  tell("window/showMessage", cel::Map{{"type", 2}, {"message", std::move(message)}});
}

}  // namespace nurtured::daemon::lsp
