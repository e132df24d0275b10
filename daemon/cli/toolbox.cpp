#include "daemon/cli/toolbox.h"

#include <ostream>

#include <CLI/CLI.hpp>

#include "config/problem.h"
#include "config/zones.h"
#include "connectors/registry.h"
#include "daemon/control_client.h"
#include "daemon/offline.h"
#include "daemon/operations_tools.h"
#include "rules/cel/json.h"

namespace nurtured::daemon::cli {

using base::Result;

void add_format(CLI::App& command, std::string& format) {
  command.add_option("--format", format, "text, or json for programs")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
}

void add_examples(CLI::App& command, std::string_view examples) {
  command.footer("Examples:\n" + std::string(examples));
}

Result<std::unique_ptr<BookKeeper>> make_keeper(const Call& call) {
  auto zones = config::system_zones();
  if (!zones) return base::fail(zones.error());
  BookKeeperOptions options{.config_path = call.config,
                            .connector_types = connectors::connector_types(),
                            .zones = *std::move(zones),
                            .surroundings = call.world.surroundings};
  return std::make_unique<BookKeeper>(std::move(options), call.world.clock);
}

std::string typed_prefix(const Call& call) {
  const std::string folder = workspace_folder(call.config);
  return folder == "." ? "" : folder;
}

BookFiles load_files(const Call& call, const BookKeeper& keeper, std::string_view format) {
  BookFiles files = keeper.read();
  if (files.config == nullptr) {
    std::erase_if(files.problems,
                  [](const auto& problem) { return problem.severity != config::Severity::error; });
    config::print_problems(call.console.err, files.problems,
                           [&](std::string_view path) { return files.workspace.source(path); },
                           {.prefix = files.workspace.root});
    if (format == "json") {
      call.console.out << R"({"error":"the workspace has errors","problems":)"
                       << config::problems_json(files.problems, {.prefix = files.workspace.root})
                       << "}\n";
    }
  }
  return files;
}

std::shared_ptr<const config::Config> load_config(const Call& call, const BookKeeper& keeper,
                                                  std::string_view format) {
  return load_files(call, keeper, format).config;
}

std::string find_control(const Call& call, const BookKeeper& keeper) {
  const Surroundings& surroundings = call.world.surroundings;
  const std::string root = workspace_folder(call.config);
  // Only a socket beside the store asks where the store is.
  std::string path = control_path(root, "", surroundings);
  if (path.empty()) path = control_path(root, keeper.read().location, surroundings);
  std::string second = workspace_control_path(root, surroundings);
  if (second.empty() || daemon_listens(path) || !daemon_listens(second)) return path;
  if (!path.empty()) {
    print_text(call.console.err,
               "nurtured: the running daemon uses another store than nurtured.yaml names now, "
               "which it takes up when it is started anew\n");
  }
  return second;
}

StateLink::StateLink() = default;
StateLink::~StateLink() = default;
StateLink::StateLink(StateLink&&) noexcept = default;

Result<StateLink> StateLink::open(const Call& call, bool changing) {
  auto keeper = make_keeper(call);
  if (!keeper) return base::fail(keeper.error());
  StateLink link;
  link.keeper_ = *std::move(keeper);
  std::string control = find_control(call, *link.keeper_);
  if (daemon_listens(control)) {
    link.control_ = std::move(control);
    return link;
  }
  auto offline = Offline::open(*link.keeper_, call.world.clock, changing);
  if (!offline) return base::fail(offline.error());
  link.offline_ = *std::move(offline);
  return link;
}

Result<Answer> StateLink::ask(std::string_view operation, const cel::Value& request) {
  if (offline_) return offline_->operations().call(operation, request);
  return ask_daemon(control_, operation, request);
}

Result<Answer> ask(const Call& call, std::string_view operation, const cel::Value& request) {
  auto link = StateLink::open(call, Operations::changes(operation));
  if (!link) return base::fail(link.error());
  return link->ask(operation, request);
}

Result<rules::Contact> read_contact(const Call& call, const BookKeeper& keeper,
                                    const std::string& name) {
  const std::string location = keeper.read().location;
  auto reader = store::open_reader(location, call.world.clock);
  if (!reader) {
    base::Error error = reader.error();
    if (error.remedy.empty()) {
      error.remedy =
          "the daemon makes the store when it first runs; without it, leave --contact out";
    }
    return base::fail(std::move(error));
  }
  auto snapshot = find_contact(**reader, name);
  if (!snapshot) return base::fail(snapshot.error());
  return std::move(snapshot->contact);
}

cel::Map to_map(const base::Error& error) {
  cel::Map map{{"error", error.message}, {"remedy", error.remedy}};
  if (error.place.line > 0) {
    map.set("line", error.place.line);
    map.set("column", error.place.column);
  }
  return map;
}

int complain(const Call& call, const base::Error& error, std::string_view format) {
  std::string text = base::to_string(error);
  if (error.place.path.empty()) text = "nurtured: " + text;
  print_text(call.console.err, text + "\n");
  if (format == "json") call.console.out << cel::to_json(to_map(error)) << '\n';
  return found_problem;
}

int print(const Call& call, const Result<Answer>& answer, std::string_view format) {
  if (!answer) return complain(call, answer.error(), format);
  if (format == "json") {
    call.console.out << cel::to_json(answer->result) << '\n';
  } else {
    print_text(call.console.out, answer->text);
  }
  return answer->problem ? found_problem : done;
}

void print_text(std::ostream& out, std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c0 = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
    // U+0080 to U+009F, which terminals obey like an escape.
    const bool is_c1 = byte == 0xc2 && i + 1 < text.size() &&
                       static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                       static_cast<unsigned char>(text[i + 1]) < 0xa0;
    shown += is_c0 || is_c1 ? '?' : text[i];
    if (is_c1) ++i;
  }
  out << shown;
}

Result<cel::Value> parse_json(std::string_view name, const std::string& text) {
  auto value = cel::from_json(text);
  if (value) return value;
  base::Error error = value.error();
  error.message = std::string(name) + " is no JSON: " + error.message;
  // A place within the option, which nobody else's place may be taken for.
  if (error.place.line > 0) {
    error.message += " at " + base::to_string(error.place);
    error.place = {};
  }
  return base::fail(std::move(error));
}

cel::Value json_option(std::string_view name, const std::string& text) {
  if (text.empty()) return cel::Map{};
  auto value = parse_json(name, text);
  if (!value) throw CLI::ValidationError(base::to_string(value.error()));
  if (!value->is_map()) throw CLI::ValidationError(std::string(name) + " is no JSON object");
  return *std::move(value);
}

}  // namespace nurtured::daemon::cli
