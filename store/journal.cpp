#include "store/journal.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "rules/cel/json.h"
#include "store/journal_file.h"

namespace nurtured::store {
namespace {

using base::Result;
using cel::Value;

constexpr std::size_t line_bytes_max = 64U << 10;
constexpr std::size_t sum_bytes = 4;
constexpr std::size_t sum_length = 2 * sum_bytes;

std::string sum_of(std::string_view text) {
  return base::to_hex(base::view(base::sha256(text)).substr(0, sum_bytes));
}

// ---- a record as a line

cel::Map to_map(const rules::Address& address) {
  cel::Map map;
  map.set("channel", address.channel);
  map.set("address", address.value);
  return map;
}

std::string_view scope_name(rules::SuppressionScope scope) {
  return scope == rules::SuppressionScope::all ? "all" : "marketing";
}

struct LineParts {
  char kind;
  Instant at;
  cel::Map fields;
};

LineParts parts(const DepartureRecord& record) {
  cel::Map map;
  map.set("contact", record.contact.value);
  map.set("to", to_map(record.to));
  map.set("kind", rules::to_string(record.kind));
  map.set("delivery", record.delivery);
  return {'d', record.at, std::move(map)};
}

LineParts parts(const SuppressionRecord& record) {
  cel::Map map;
  map.set("contact", record.contact.value);
  if (record.address) map.set("address", to_map(*record.address));
  map.set("scope", scope_name(record.scope));
  map.set("reason", record.reason);
  return {'s', record.at, std::move(map)};
}

LineParts parts(const WithdrawalRecord& record) {
  cel::Map map;
  map.set("contact", record.contact.value);
  map.set("channel", record.channel);
  map.set("source", record.source);
  return {'c', record.at, std::move(map)};
}

LineParts parts(const ErasureRecord& record) {
  cel::Map map;
  map.set("contact", record.contact.value);
  return {'e', record.at, std::move(map)};
}

std::string to_line(const JournalRecord& record) {
  LineParts line = std::visit([](const auto& each) { return parts(each); }, record);
  std::string text = {' ', line.kind, ' '};
  text += std::to_string(base::to_millis(line.at)) + " " + cel::to_json(std::move(line.fields));
  return sum_of(text) + text + "\n";
}

// ---- and back

// The front of a line, which is all that compaction looks at.
struct LineHead {
  char kind = 0;
  Instant at;
  std::string_view json;
};

// nullopt for a line that is damaged.
std::optional<LineHead> read_head(std::string_view line) {
  if (line.size() > line_bytes_max || line.size() < sum_length) return std::nullopt;
  const std::string_view text = line.substr(sum_length);
  constexpr std::size_t kind_at = 1;
  constexpr std::size_t millis_at = 3;
  if (text.size() < millis_at || text[0] != ' ' || text[2] != ' ') return std::nullopt;
  std::int64_t millis = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data() + millis_at, end, millis);
  if (fault != std::errc{} || stop == end || *stop != ' ') return std::nullopt;
  if (sum_of(text) != line.substr(0, sum_length)) return std::nullopt;
  return LineHead{text[kind_at], base::from_millis(millis),
                  text.substr(static_cast<std::size_t>(stop + 1 - text.data()))};
}

std::string text_at(const Value& map, std::string_view key) {
  const Value* found = map.find(key);
  return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

std::optional<rules::Address> address_at(const Value& map, std::string_view key) {
  const Value* found = map.find(key);
  if (found == nullptr) return std::nullopt;
  return rules::Address{.channel = text_at(*found, "channel"), .value = text_at(*found, "address")};
}

std::optional<JournalRecord> read_record(const LineHead& head) {
  const auto json = cel::from_json(head.json);
  if (!json) return std::nullopt;
  const Value* id = json->find("contact");
  if (id == nullptr || !id->is_int()) return std::nullopt;
  const ContactId contact{id->as_int()};
  switch (head.kind) {
    case 'd': {
      const auto kind = rules::parse_kind(text_at(*json, "kind"));
      const auto to = address_at(*json, "to");
      if (!kind || !to) return std::nullopt;
      return DepartureRecord{.at = head.at,
                             .contact = contact,
                             .to = *to,
                             .kind = *kind,
                             .delivery = text_at(*json, "delivery")};
    }
    case 's': {
      const std::string scope = text_at(*json, "scope");
      if (scope != "all" && scope != "marketing") return std::nullopt;
      return SuppressionRecord{.at = head.at,
                               .contact = contact,
                               .address = address_at(*json, "address"),
                               .scope = scope == "all" ? rules::SuppressionScope::all
                                                       : rules::SuppressionScope::marketing,
                               .reason = text_at(*json, "reason")};
    }
    case 'c': {
      const std::string channel = text_at(*json, "channel");
      if (channel.empty()) return std::nullopt;
      return WithdrawalRecord{.at = head.at,
                              .contact = contact,
                              .channel = channel,
                              .source = text_at(*json, "source")};
    }
    case 'e':
      return ErasureRecord{.at = head.at, .contact = contact};
    default:
      return std::nullopt;
  }
}

// ---- files

Result<std::string> read_all(const File& file, const std::string& path) {
  std::string text;
  constexpr std::size_t chunk = 1U << 20;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + chunk);
    const ssize_t count =
        ::pread(file.descriptor(), text.data() + before, chunk, static_cast<off_t>(before));
    if (count < 0) return base::fail(system_error(errno, "cannot read the journal", path));
    text.resize(before + static_cast<std::size_t>(count));
    if (count == 0) return text;
  }
}

Result<void> write_all(const File& file, std::string_view text, std::uint64_t offset,
                       const std::string& path) {
  while (!text.empty()) {
    const ssize_t count =
        ::pwrite(file.descriptor(), text.data(), text.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::fail(system_error(errno, "cannot write the journal", path));
    text.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> sync_file(const File& file, const std::string& path) {
  if (::fdatasync(file.descriptor()) == 0) return {};
  base::Error error = system_error(errno, "fsync of the journal failed", path);
  error.kind = base::ErrorKind::internal;
  return base::fail(std::move(error));
}

// After a rename, so that the new name survives a power cut.
Result<void> sync_folder(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  auto file = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!file) return base::fail(std::move(file.error()));
  return sync_file(*file, folder);
}

// Calls on_line for each line, without its end; what follows the last end is a line of its own.
template <class OnLine>
void each_line(std::string_view text, const OnLine& on_line) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    on_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

std::string journal_path(const std::string& store_path) {
  return store_path + ".journal";
}

Result<JournalContents> read_journal(const std::string& store_path, Instant after) {
  const std::string path = journal_path(store_path);
  auto file = open_file(path, O_RDONLY);
  if (!file && file.error().kind == base::ErrorKind::not_found) return JournalContents{};
  if (!file) return base::fail(std::move(file.error()));
  const auto text = read_all(*file, path);
  if (!text) return base::fail(text.error());
  JournalContents contents;
  each_line(*text, [&contents, after](std::string_view line) {
    const auto head = read_head(line);
    if (head && head->at < after) return;
    const auto record = head ? read_record(*head) : std::nullopt;
    if (record) {
      contents.records.push_back(*record);
    } else {
      ++contents.damaged;
    }
  });
  return contents;
}

Result<JournalFile> JournalFile::open(const std::string& store_path) {
  const std::string path = journal_path(store_path);
  auto file = open_file(path, O_RDWR | O_CREAT);
  if (!file) return base::fail(std::move(file.error()));
  struct stat status{};
  if (::fstat(file->descriptor(), &status) != 0) {
    return base::fail(system_error(errno, "cannot read the journal", path));
  }
  // Only a crash in mid-write leaves no line end at the end; a line begun after it would be lost
  // with it. The last line is within line_bytes_max of the end.
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t from = size > line_bytes_max ? size - line_bytes_max : 0;
  std::string tail(static_cast<std::size_t>(size - from), '\0');
  if (::pread(file->descriptor(), tail.data(), tail.size(), static_cast<off_t>(from)) < 0) {
    return base::fail(system_error(errno, "cannot read the journal", path));
  }
  const std::size_t end = tail.rfind('\n');
  const std::uint64_t whole = end == std::string::npos ? from : from + end + 1;
  if (whole != size && ::ftruncate(file->descriptor(), static_cast<off_t>(whole)) != 0) {
    return base::fail(system_error(errno, "cannot mend the journal", path));
  }
  return JournalFile(path, std::move(*file), whole);
}

Result<void> JournalFile::append(std::span<const JournalRecord> records) {
  std::string text;
  for (const JournalRecord& record : records) {
    const std::string line = to_line(record);
    if (line.size() > line_bytes_max) {
      return base::fail(base::ErrorKind::too_large, "a journal record is larger than 64 KiB");
    }
    text += line;
  }
  size_before_ = size_;
  auto done = write_all(file_, text, size_, path_);
  if (!done) {
    // Half a line may be there. Cutting it off needs no room; should it fail all the same, the next
    // append writes over it, and a reader counts it as damaged until then.
    if (::ftruncate(file_.descriptor(), static_cast<off_t>(size_)) != 0) {
      done.error().message += ", nor cut";
    }
    return done;
  }
  size_ += text.size();
  const bool may_wait = std::ranges::all_of(records, [](const JournalRecord& record) {
    return std::holds_alternative<DepartureRecord>(record);
  });
  if (may_wait) {
    if (!waiting_since_) waiting_since_ = std::get<DepartureRecord>(records.front()).at;
    return {};
  }
  waiting_since_.reset();
  return sync_file(file_, path_);
}

Result<void> JournalFile::sync_by(Instant now) {
  if (!waiting_since_ || std::chrono::abs(now - *waiting_since_) < sync_every) return {};
  waiting_since_.reset();
  return sync_file(file_, path_);
}

Result<void> JournalFile::undo() {
  if (::ftruncate(file_.descriptor(), static_cast<off_t>(size_before_)) != 0) {
    return base::fail(system_error(errno, "cannot cut the journal", path_));
  }
  size_ = size_before_;
  return {};
}

Result<void> JournalFile::compact(Instant now) {
  const auto text = read_all(file_, path_);
  if (!text) return base::fail(text.error());
  std::string kept;
  each_line(*text, [&kept, now](std::string_view line) {
    const auto head = read_head(line);
    if (!head || (head->kind == 'd' && head->at < now - departures_kept)) return;
    kept.append(line).push_back('\n');
  });
  const std::string next_path = path_ + ".new";
  auto next = open_file(next_path, O_RDWR | O_CREAT | O_TRUNC);
  if (!next) return base::fail(std::move(next.error()));
  if (auto done = write_all(*next, kept, 0, next_path); !done) return done;
  if (auto done = sync_file(*next, next_path); !done) return done;
  if (::rename(next_path.c_str(), path_.c_str()) != 0) {
    return base::fail(system_error(errno, "cannot replace the journal", path_));
  }
  file_ = std::move(*next);
  size_ = size_before_ = kept.size();
  // Where departures alone fill it, trying again at once would gain nothing.
  compact_at_ = std::max(compact_at_bytes, size_ * 2);
  return sync_folder(path_);
}

}  // namespace nurtured::store
