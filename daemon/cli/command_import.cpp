// import: people and their history from files of other systems.
#include <CLI/CLI.hpp>

#include "daemon/cli/import_run.h"
#include "daemon/cli/toolbox.h"

namespace nurtured::daemon::cli {
namespace {

constexpr const char* contact_fields =
    "Fields: id email channels.NAME phone first_name last_name birthday locale timezone tags "
    "status\n"
    "  consent.CHANNEL (yes, no or its date; and .at .source .wording .from)\n"
    "  suppressed.CHANNEL (unsubscribed, complained, bounced, manual; and .at), suppressed\n"
    "  attributes.NAME: every other column\n\n";
constexpr const char* touch_fields =
    "Fields: contact event kind at place channel note\n"
    "  properties.NAME: every other column\n\n";

void parse_lists(const std::vector<std::string>& maps, const std::vector<std::string>& consents,
                 ImportOptions& options) {
  for (const auto& text : maps) {
    auto map = parse_column_map(text);
    if (!map) throw CLI::ValidationError(base::to_string(map.error()));
    options.map.push_back(*std::move(map));
  }
  for (const auto& text : consents) {
    auto consent = parse_import_consent(text);
    if (!consent) throw CLI::ValidationError(base::to_string(consent.error()));
    options.consents.push_back(*std::move(consent));
  }
}

void add_kind(CLI::App& group, Call& call, ImportKind kind, const char* name, const char* about,
              const std::string& examples) {
  const auto options = std::make_shared<ImportOptions>();
  const auto maps = std::make_shared<std::vector<std::string>>();
  const auto consents = std::make_shared<std::vector<std::string>>();
  options->kind = kind;
  auto* command = group.add_subcommand(name, about);
  command->add_option("FILE", options->file, "CSV, or one JSON object a line; - reads stdin")
      ->required();
  command->add_option("--as", options->as, "csv or jsonl, where the file's name does not tell")
      ->check(CLI::IsMember({"csv", "jsonl"}))
      ->option_text("FORMAT");
  command
      ->add_option("--charset", options->charset,
                   "what the file is written in; UTF-8, UTF-16 and windows-1251 are recognised")
      ->option_text("NAME");
  // One value at a time, so that the file may stand behind it.
  command->add_option("--map", *maps, "what a column is; - leaves it out; may come again")
      ->allow_extra_args(false)
      ->option_text("COLUMN=FIELD");
  if (kind == ImportKind::contacts) {
    command
        ->add_option("--consent", *consents,
                     "when everybody of the file agreed, and to which words; for those of whom the "
                     "file says nothing itself")
        ->allow_extra_args(false)
        ->option_text("CHANNEL=DATE:WORDING");
  }
  command
      ->add_option("--errors", options->errors,
                   "where to write what is not taken; FILE.errors.csv or FILE.errors.jsonl")
      ->option_text("PATH");
  command->add_flag("--start", options->start, "playbooks may start, which none does otherwise");
  command->add_flag("--dry-run", options->dry_run, "tell what would change, and change nothing");
  add_format(*command, options->format);
  add_examples(*command, examples);
  command->callback([&call, options, maps, consents] {
    parse_lists(*maps, *consents, *options);
    call.action = [&call, options] { return run_import(call, *options); };
  });
}

}  // namespace

void add_import(CLI::App& app, Call& call) {
  auto* group = app.add_subcommand(
      "import", "people, or their history of touches, from a file; broken off, it goes on");
  group->require_subcommand(1);
  add_examples(*group,
               "  nurtured import contacts people.csv --dry-run\n"
               "  nurtured import touches history.jsonl");
  add_kind(
      *group, call, ImportKind::contacts, "contacts", "people, with their consents and refusals",
      "  nurtured import contacts people.csv --map 'Mobile=phone' --map 'Notes=-'\n"
      "  nurtured import contacts fair.csv --consent 'email=2026-03-01:the list at the stand'\n"
      "  unzip -p export.zip | nurtured import contacts - --as csv --errors bad.csv\n\n" +
          std::string(contact_fields));
  add_kind(*group, call, ImportKind::touches, "touches", "what happened with them so far",
           "  nurtured import touches webinars.csv --map 'Visited=at'\n"
           "  nurtured import touches history.jsonl --dry-run\n\n" +
               std::string(touch_fields));
}

}  // namespace nurtured::daemon::cli
