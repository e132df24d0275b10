// Liquid, the template language of messages: standard Liquid as Shopify/liquid 5 reads it in its
// `strict` mode (an output, a condition or a loop that does not parse is an error; the other tags
// are as lenient as theirs). A template is compiled once into an immutable program that any number
// of threads may render at once; rendering allocates in proportion to its output.
//
// Two ways to render. `render` gives plain text, what the command-line filter and `set` need.
// `render_marked` also tells which parts of the text came from variables, so that whoever knows
// where the text lands escapes them for that place (content/escape.h, content/markdown.h). Nothing
// here knows of HTML or Markdown.
//
// Beyond the standard: `raw` as an output's last filter says "this is markup, not data", and `date`
// speaks the reader's language.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "content/liquid/usage.h"
#include "rules/cel/value.h"

namespace nurtured::content::liquid {

// Text that enters here may be hostile; each limit has a name and is an error of kind `too_large`
// when reached.
struct Limits {
  std::size_t source_bytes_max = std::size_t{1} << 20;
  int nesting_max = 100;              // blocks in blocks, brackets in brackets
  int render_depth_max = 200;         // the same while rendering, through include and render
  std::size_t steps_max = 1'000'000;  // nodes rendered, loop turns and what filters visit
  std::size_t output_bytes_max = std::size_t{8} << 20;  // what is written, captures included
  std::size_t string_bytes_max = std::size_t{8} << 20;  // one value made by a filter
};

struct CompileOptions {
  Limits limits;
  // A filter that does not exist is an error; otherwise it hands its input on, as in Shopify's.
  bool strict_filters = false;
};

struct Program;

// A handle on a compiled template: cheap to copy, immutable, for any thread.
class Template {
 public:
  explicit Template(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  const std::string& name() const;
  // The variables it reads and the partials it names, for `check`.
  const Usage& usage() const;
  const Program& program() const { return *program_; }

 private:
  std::shared_ptr<const Program> program_;
};

// `name` is the `path` in the places of errors: the file or the field that a person would look
// into. Lines and columns count within `source`. Kinds: `invalid` for what does not parse,
// `too_large` for a limit.
base::Result<Template> compile(std::string name, std::string_view source,
                               const CompileOptions& options = {});

// The templates that `include` and `render` find by name. One that does not compile is an error
// only for who renders it, and for `check`, which reads all().
class Partials {
 public:
  using Entries = std::map<std::string, base::Result<Template>, std::less<>>;

  void add(std::string name, std::string_view source, const CompileOptions& options = {});
  // nullptr when there is none.
  const base::Result<Template>* find(std::string_view name) const;
  const Entries& all() const { return entries_; }

 private:
  Entries entries_;
};

// Where a template's global variables come from. What it returns must outlive the rendering.
class Data {
 public:
  virtual ~Data() = default;
  // nullptr when there is no such variable.
  virtual const cel::Value* find(std::string_view name) const = 0;
};

// The keys of a map as variables; anything else has none. The value must outlive this.
class MapData final : public Data {
 public:
  explicit MapData(const cel::Value& map) : map_(&map) {}
  const cel::Value* find(std::string_view name) const override;

 private:
  const cel::Value* map_;
};

struct RenderOptions {
  Limits limits;
  bool strict_variables = false;  // an unknown variable is an error; otherwise it is empty
  const Partials* partials = nullptr;
  // For `date`: the moment that 'now' and 'today' mean, the IANA zone in which times are shown (an
  // unknown one is an error when a date is shown; empty: UTC, but a text with an offset of its own
  // keeps it), and the language of month and weekday names (en, ru, zh; others read English).
  base::Instant now{};
  std::string_view zone;
  std::string_view locale = "en";
  // A global variable whose direct output counts as the template's own text: a layout's `content`.
  std::string_view trusted_variable;
};

// A part of a text that came from a variable, in bytes.
struct Span {
  std::size_t begin = 0;
  std::size_t length = 0;

  bool operator==(const Span&) const = default;
};

// A rendered text and its parts that came from variables, in order and not overlapping. A part may
// be empty: the place where an empty value stands.
struct Marked {
  std::string text;
  std::vector<Span> spans;
};

// Errors are those of the template in hand (`invalid`), a limit (`too_large`) or a partial that is
// not there (`not_found`); each has the place of the tag or output that failed.
base::Result<std::string> render(const Template& source, const Data& data,
                                 const RenderOptions& options = {});
base::Result<Marked> render_marked(const Template& source, const Data& data,
                                   const RenderOptions& options = {});

}  // namespace nurtured::content::liquid
