#include "daemon/cli/import_run.h"

#include <algorithm>
#include <limits>
#include <ostream>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "daemon/cli/import_faults.h"
#include "rules/cel/json.h"

namespace nurtured::daemon::cli {
namespace {

using base::Result;

// One request: what the control socket takes, with room for its own marks.
constexpr std::size_t batch_rows_max = 500;
constexpr std::size_t batch_bytes_max = std::size_t{512} << 10;
constexpr std::size_t complaints_max = 20;

std::string_view name_of(ImportKind kind) {
  return kind == ImportKind::contacts ? "contacts" : "touches";
}

std::int64_t number(const cel::Value& answer, std::string_view key) {
  const cel::Value* value = answer.find(key);
  return value != nullptr && value->is_int() ? value->as_int() : 0;
}

std::string text(const cel::Value& answer, std::string_view key) {
  const cel::Value* value = answer.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

const cel::List& list(const cel::Value& answer, std::string_view key) {
  static const cel::List none;
  const cel::Value* value = answer.find(key);
  return value != nullptr && value->is_list() ? value->as_list() : none;
}

Result<ImportFormat> format_of(const ImportOptions& options) {
  const auto ends_with = [&](std::string_view end) { return options.file.ends_with(end); };
  const bool is_json = ends_with(".jsonl") || ends_with(".ndjson") || ends_with(".json");
  if (options.as == "jsonl" || (options.as.empty() && is_json)) return ImportFormat::jsonl;
  if (options.as == "csv" || ends_with(".csv") || ends_with(".tsv") || ends_with(".txt")) {
    return ImportFormat::csv;
  }
  return base::fail("the file's name does not tell what it is", "say --as csv or --as jsonl");
}

// Names this import: what the file holds and what it is taken for. The same command again goes on
// with it; another --map is another import.
std::string import_name(const ImportSource& source, const ImportOptions& options) {
  cel::List map;
  for (const auto& [column, field] : options.map) map.emplace_back(column + "=" + field);
  cel::List consents;
  for (const auto& consent : options.consents) {
    consents.emplace_back(consent.channel + "=" + consent.date + ":" + consent.wording);
  }
  const std::string meaning = cel::to_json(cel::Map{{"what", name_of(options.kind)},
                                                    {"charset", source.charset()},
                                                    {"map", std::move(map)},
                                                    {"consent", std::move(consents)},
                                                    {"start", options.start}});
  return base::to_hex(base::view(base::sha256(std::string(base::view(source.digest())) + meaning)))
      .substr(0, 32);
}

class Import {
 public:
  Import(const Call& call, const ImportOptions& options, ImportSource& source, ImportRows& rows,
         StateLink& link, ImportFaults& faults, std::string name)
      : call_(call),
        options_(options),
        source_(source),
        rows_(rows),
        link_(link),
        faults_(faults),
        name_(std::move(name)) {}

  // `after`: the line to which an earlier run came.
  Result<void> run(std::int64_t after) {
    done_ = after;
    for (;;) {
      auto row = rows_.next();
      if (!row) return base::fail(row.error());
      if (!*row) break;
      if (static_cast<std::int64_t>((*row)->line) <= after) {
        ++skipped_;
        continue;
      }
      if (auto done = add(**std::move(row)); !done) return done;
    }
    if (auto done = send(false); !done) return done;
    if (auto done = options_.dry_run ? Result<void>() : send(true); !done) return done;
    show_progress(true);
    return {};
  }

  int report() const {
    const std::int64_t all = taken_ + not_taken_;
    if (options_.format == "json") {
      cel::Map map{{"rows", all},         {"taken", taken_},
                   {"new", new_},         {"not_taken", not_taken_},
                   {"skipped", skipped_}, {"dry_run", options_.dry_run}};
      if (options_.dry_run) map.set("changed", changed_);
      call_.console.out << cel::to_json(map) << '\n';
    } else {
      std::string summary = fmt::format(
          "{} {}: ", all, options_.kind == ImportKind::contacts ? "contacts" : "touches");
      if (options_.dry_run) {
        summary += fmt::format("{} would be new, {} changed, {} as they are", new_, changed_,
                               taken_ - new_ - changed_);
      } else {
        summary += fmt::format("{} taken, {} of them of people who were not known", taken_, new_);
      }
      if (not_taken_ > 0) summary += fmt::format("; not taken: {}", not_taken_);
      if (skipped_ > 0) summary += fmt::format("; {} were taken by an earlier run", skipped_);
      call_.console.out << summary << '\n';
    }
    return not_taken_ == 0 ? done : found_problem;
  }

 private:
  Result<void> add(ImportRow row) {
    if (!row.fault.empty()) {
      faulty_.emplace_back(row.line, ImportFaultText{"", row.fault});
    } else {
      agree(row);
    }
    bytes_ += cel::to_json(row.fields).size();
    batch_.push_back(std::move(row));
    if (batch_.size() < batch_rows_max && bytes_ < batch_bytes_max) return {};
    return send(false);
  }

  // What --consent says of everybody, where the row says nothing of that channel itself.
  void agree(ImportRow& row) const {
    for (const auto& consent : options_.consents) {
      const std::string field = "consent." + consent.channel;
      bool is_said = false;
      for (const auto& [key, value] : row.fields) {
        is_said = is_said || key.as_string().starts_with(field);
      }
      const bool has_address = row.fields.find(consent.channel) != nullptr ||
                               row.fields.find("channels." + consent.channel) != nullptr;
      if (is_said || !has_address) continue;
      row.fields.set(field, true);
      row.fields.set(field + ".at", consent.date);
      if (!consent.wording.empty()) row.fields.set(field + ".wording", consent.wording);
    }
  }

  Result<void> send(bool finished) {
    if (batch_.empty() && !finished) return {};
    cel::List items;
    for (const auto& row : batch_) {
      if (!row.fault.empty()) continue;
      items.emplace_back(
          cel::Map{{"line", static_cast<std::int64_t>(row.line)}, {"fields", row.fields}});
    }
    cel::Map request{{"what", name_of(options_.kind)}, {"items", std::move(items)}};
    if (!options_.dry_run) {
      request.set("import", name_);
      request.set("until", done_);
      request.set("finished", finished);
      request.set("start", options_.start);
    }
    const auto answer = link_.ask(options_.dry_run ? "import/try" : "import/take", request);
    if (!answer) return base::fail(answer.error());
    if (auto kept = options_.dry_run ? take_trial(answer->result) : take(answer->result); !kept) {
      return kept;
    }
    if (!batch_.empty()) done_ = static_cast<std::int64_t>(batch_.back().line);
    batch_.clear();
    faulty_.clear();
    bytes_ = 0;
    show_progress(false);
    return {};
  }

  Result<void> take(const cel::Value& answer) {
    taken_ += number(answer, "taken");
    new_ += number(answer, "new");
    for (const auto& fault : list(answer, "faults")) note(fault);
    return complain_of_all();
  }

  Result<void> take_trial(const cel::Value& answer) {
    for (const auto& line : list(answer, "lines")) {
      const std::string change = text(line, "change");
      if (change.empty()) {
        note(line);
        continue;
      }
      ++taken_;
      new_ += change == "new" ? 1 : 0;
      changed_ += change == "changed" ? 1 : 0;
      if (options_.format == "json") continue;
      std::string shown = fmt::format("{}: {} {}", number(line, "line"), text(line, "contact"),
                                      change == "none" ? "stays as it is" : change);
      std::string_view separator = ": ";
      for (const auto& part : list(line, "parts")) {
        shown += fmt::format("{}{}", separator, part.as_string());
        separator = ", ";
      }
      print_text(call_.console.out, shown + "\n");
    }
    return complain_of_all();
  }

  struct ImportFaultText {
    std::string field;
    std::string reason;
  };

  void note(const cel::Value& fault) {
    faulty_.emplace_back(static_cast<std::size_t>(number(fault, "line")),
                         ImportFaultText{text(fault, "field"), text(fault, "reason")});
  }

  Result<void> complain_of_all() {
    std::ranges::stable_sort(faulty_, {}, [](const auto& fault) { return fault.first; });
    auto fault = faulty_.begin();
    for (const auto& row : batch_) {
      for (; fault != faulty_.end() && fault->first == row.line; ++fault) {
        if (auto kept = complain_of(row, fault->second); !kept) return kept;
      }
    }
    return faults_.flush();
  }

  Result<void> complain_of(const ImportRow& row, const ImportFaultText& fault) {
    const std::string column = rows_.column_of(fault.field);
    if (++not_taken_ <= static_cast<std::int64_t>(complaints_max)) {
      show_progress(true);
      const std::string name = options_.file == "-" ? "stdin" : options_.file;
      print_text(call_.console.err, fmt::format("{}:{}: {}{}{}\n", name, row.line, column,
                                                column.empty() ? "" : ": ", fault.reason));
    } else if (not_taken_ == static_cast<std::int64_t>(complaints_max) + 1) {
      call_.console.err << "nurtured: further lines that are not taken are in the file of errors\n";
    }
    if (options_.dry_run) return {};
    return faults_.add(rows_, row, column, fault.reason);
  }

  // One line of the terminal, written anew; cleared at the end and before a complaint.
  void show_progress(bool clear) const {
    constexpr std::uint64_t width = 30;
    if (!call_.console.shows_progress) return;
    call_.console.err << "\r\x1b[K";
    if (!clear && source_.bytes() > 0) {
      const std::uint64_t share = source_.bytes_read() * width / source_.bytes();
      call_.console.err << fmt::format("[{:#<{}}{:.<{}}] {} rows", "", share, "", width - share,
                                       taken_ + not_taken_);
    }
    call_.console.err.flush();
  }

  const Call& call_;
  const ImportOptions& options_;
  ImportSource& source_;
  ImportRows& rows_;
  StateLink& link_;
  ImportFaults& faults_;
  std::string name_;
  std::vector<ImportRow> batch_;
  std::vector<std::pair<std::size_t, ImportFaultText>> faulty_;  // of the batch, by line
  std::size_t bytes_ = 0;
  std::int64_t done_ = 0;  // the last line that needs no other look
  std::int64_t taken_ = 0;
  std::int64_t new_ = 0;
  std::int64_t changed_ = 0;
  std::int64_t not_taken_ = 0;
  std::int64_t skipped_ = 0;
};

std::string errors_path(const ImportOptions& options, ImportFormat format) {
  if (!options.errors.empty() || options.file == "-") return options.errors;
  return options.file + (format == ImportFormat::csv ? ".errors.csv" : ".errors.jsonl");
}

}  // namespace

Result<ImportConsent> parse_import_consent(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find(':', equals == std::string_view::npos ? 0 : equals);
  const std::string_view date = equals == std::string_view::npos
                                    ? std::string_view()
                                    : text.substr(equals + 1, colon - equals - 1);
  if (equals == 0 || date.size() != std::string_view("2026-03-01").size()) {
    return base::fail(fmt::format("{} is not CHANNEL=DATE:WORDING", text),
                      "write email=2026-03-01:'the fair in Moscow'");
  }
  return ImportConsent{std::string(text.substr(0, equals)), std::string(date),
                       colon == std::string_view::npos ? "" : std::string(text.substr(colon + 1))};
}

int run_import(const Call& call, const ImportOptions& options) {
  const auto format = format_of(options);
  if (!format) return complain(call, format.error(), options.format);
  auto source = ImportSource::open(options.file, call.console.in, options.charset);
  if (!source) return complain(call, source.error(), options.format);
  auto rows = ImportRows::open(*source, options.kind, *format, options.map);
  if (!rows) return complain(call, rows.error(), options.format);
  auto link = StateLink::open(call, !options.dry_run);
  if (!link) return complain(call, link.error(), options.format);
  const std::string name = import_name(*source, options);
  std::int64_t after = 0;
  if (!options.dry_run) {
    const auto progress = link->ask("import/progress", cel::Map{{"import", name}});
    if (!progress) return complain(call, progress.error(), options.format);
    after = number(progress->result, "line");
    const cel::Value* finished = progress->result.find("finished");
    if (finished != nullptr && *finished == cel::Value(true)) {
      call.console.err << fmt::format(
          "nurtured: this file was imported at {}: nothing is to be "
          "done\n",
          text(progress->result, "at"));
      after = std::numeric_limits<std::int64_t>::max();
    } else if (after > 0) {
      call.console.err << fmt::format("nurtured: going on after line {}\n", after);
    }
  }
  ImportFaults faults(errors_path(options, *format), *format, after > 0);
  Import import(call, options, *source, *rows, *link, faults, name);
  if (after == std::numeric_limits<std::int64_t>::max()) return import.report();
  if (auto ran = import.run(after); !ran) return complain(call, ran.error(), options.format);
  return import.report();
}

}  // namespace nurtured::daemon::cli
