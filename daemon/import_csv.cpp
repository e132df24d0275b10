#include "daemon/import_csv.h"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <new>
#include <optional>

#include <csv.h>
#include <fmt/format.h>

#include "base/encoding.h"

namespace nurtured::daemon {
namespace {

using base::Result;

// libcsv trims blanks around unquoted cells; a tab that separates cells is none of them.
constexpr std::string_view delimiters = ",;\t";

constexpr const char* open_quote = "a quote is not closed";

char most_frequent_delimiter(std::string_view line) {
  std::array<std::size_t, delimiters.size()> counts{};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    const std::size_t which = delimiters.find(c);
    if (!quoted && which != std::string_view::npos) ++counts[which];
  }
  const auto most = std::ranges::max_element(counts);
  return delimiters[static_cast<std::size_t>(most - counts.begin())];
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

struct CsvReader::State {
  struct Read {
    ImportSource::Line kind = ImportSource::Line::end;
    std::string text;
    std::size_t number = 0;
  };

  explicit State(ImportSource& from) : source(from) {
    if (csv_init(&parser, 0) != 0) throw std::bad_alloc();
  }
  ~State() { csv_free(&parser); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The parser at the beginning of a record, whatever it had begun.
  void begin_anew() {
    csv_free(&parser);
    if (csv_init(&parser, 0) != 0) throw std::bad_alloc();
    csv_set_delim(&parser, static_cast<unsigned char>(delimiter));
  }

  void fault(std::string why) {
    if (record.fault.empty()) record.fault = std::move(why);
  }

  void take_cell(std::string_view cell) {
    if (++columns > import_columns_max) {
      return fault(fmt::format("it has more than {} columns", import_columns_max));
    }
    if (cell.size() > import_cell_bytes_max) {
      return fault(
          fmt::format("column {} is longer than {} bytes", columns, import_cell_bytes_max));
    }
    if (!base::is_utf8(cell) ||
        (source.is_converted() && cell.find(replacement_character) != std::string_view::npos)) {
      return fault(fmt::format("column {} has bytes that are no {}", columns, source.charset()));
    }
    if (cell.find('\0') != std::string_view::npos) {
      return fault(fmt::format("column {} has a NUL", columns));
    }
    record.cells.emplace_back(cell);
  }

  void feed(std::string_view text) {
    const auto on_cell = [](void* data, std::size_t size, void* state) {
      static_cast<State*>(state)->take_cell({static_cast<const char*>(data), size});
    };
    const auto on_end = [](int /*terminator*/, void* state) {
      static_cast<State*>(state)->ended = true;
    };
    bytes += text.size();
    const bool is_last = text.empty();
    // libcsv tells of a quote that is open at the end in its strict way of reading alone.
    if (is_last) csv_set_opts(&parser, CSV_STRICT | CSV_STRICT_FINI);
    const bool read = is_last ? csv_fini(&parser, on_cell, on_end, this) == 0
                              : csv_parse(&parser, text.data(), text.size(), on_cell, on_end,
                                          this) == text.size();
    if (read) return;
    fault(csv_error(&parser) == CSV_EPARSE ? open_quote : csv_strerror(csv_error(&parser)));
  }

  // A fault is the first line's alone: a quote that was opened there by mistake has taken in the
  // others, which are read again, each from its beginning.
  std::optional<CsvRecord> give() {
    CsvRecord given = std::move(record);
    if (!given.fault.empty()) {
      given.cells.clear();
      if (lines.size() > 1 && given.fault != open_quote) {
        given.fault += " with the lines that follow: is a quote not closed?";
      }
      again.insert(again.begin(), std::make_move_iterator(lines.begin() + 1),
                   std::make_move_iterator(lines.end()));
      begin_anew();
    }
    record = {};
    lines.clear();
    bytes = 0;
    ended = false;
    columns = 0;
    return given;
  }

  Result<Read> next_line() {
    if (!again.empty()) {
      Read read = std::move(again.front());
      again.pop_front();
      return read;
    }
    const auto kind = source.next();
    if (!kind) return base::fail(kind.error());
    return Read{*kind, source.line(), source.number()};
  }

  ImportSource& source;
  csv_parser parser{};
  char delimiter = '\0';  // not known before the first record
  CsvRecord record;
  std::size_t columns = 0;
  std::size_t bytes = 0;  // of the record under way
  bool ended = false;
  std::vector<Read> lines;  // of the record under way
  std::deque<Read> again;   // to be read before the source goes on
};

CsvReader::CsvReader(ImportSource& source) : state_(std::make_unique<State>(source)) {}
CsvReader::~CsvReader() = default;
CsvReader::CsvReader(CsvReader&&) noexcept = default;

char CsvReader::delimiter() const {
  return state_->delimiter;
}

Result<std::optional<CsvRecord>> CsvReader::next() {
  State& state = *state_;
  for (;;) {
    auto line = state.next_line();
    if (!line) return base::fail(line.error());
    const bool is_first = state.lines.empty();
    if (line->kind == ImportSource::Line::end) {
      if (is_first) return std::optional<CsvRecord>();
      state.feed({});
      return state.give();
    }
    if (is_first && line->kind == ImportSource::Line::whole && is_blank(line->text)) continue;
    if (state.delimiter == '\0') {
      state.delimiter = most_frequent_delimiter(line->text);
      csv_set_delim(&state.parser, static_cast<unsigned char>(state.delimiter));
    }
    if (is_first) state.record.line = line->number;
    state.lines.push_back(*std::move(line));
    const State::Read& read = state.lines.back();
    if (read.kind == ImportSource::Line::too_long ||
        state.bytes + read.text.size() > import_record_bytes_max) {
      state.fault(fmt::format("it is longer than {} bytes", import_record_bytes_max));
      return state.give();
    }
    state.feed(read.text);
    if (state.ended) return state.give();
  }
}

std::string csv_line(const std::vector<std::string>& cells, char delimiter) {
  std::string line;
  for (const auto& cell : cells) {
    if (!line.empty()) line += delimiter;
    const std::size_t before = line.size();
    // At worst every byte is a quote, which is doubled.
    line.resize(before + 2 * cell.size() + 2);
    line.resize(before +
                csv_write(line.data() + before, line.size() - before, cell.data(), cell.size()));
  }
  return line + "\r\n";
}

}  // namespace nurtured::daemon
