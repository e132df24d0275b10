// Commands about people and messages: each is one of the operations (daemon/operations.h), asked of
// the daemon or done on the store.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "daemon/cli/toolbox.h"
#include "rules/cel/json.h"

namespace nurtured::daemon::cli {
namespace {

using base::Result;

// What a command's options gather: the request, and how its answer is shown.
struct State {
  cel::Map request;
  std::vector<std::string> attributes;
  std::vector<std::string> addresses;
  std::string properties;
  std::string format = "text";
};

// A command that asks `operation`. Options put their values into the request as they are read.
class StateCommand {
 public:
  StateCommand(CLI::App& parent, Call& call, const char* name, const char* about,
               const char* operation)
      : command_(parent.add_subcommand(name, about)), state_(std::make_shared<State>()) {
    add_format(*command_, state_->format);
    command_->callback([&call, state = state_, operation] {
      if (const auto fault = complete(*state); !fault) {
        throw CLI::ValidationError(base::to_string(fault.error()));
      }
      call.action = [&call, state, operation] {
        return print(call, ask(call, operation, state->request), state->format);
      };
    });
  }

  StateCommand& examples(const char* text) {
    add_examples(*command_, text);
    return *this;
  }
  StateCommand& text(const char* option, const char* key, const char* about, bool required) {
    command_
        ->add_option_function<std::string>(
            option,
            [state = state_, key](const std::string& value) { state->request.set(key, value); },
            about)
        ->required(required);
    return *this;
  }
  StateCommand& number(const char* option, const char* key, const char* about, bool required) {
    command_
        ->add_option_function<std::int64_t>(
            option, [state = state_, key](std::int64_t value) { state->request.set(key, value); },
            about)
        ->required(required);
    return *this;
  }
  StateCommand& choice(const char* option, const char* key, std::vector<std::string> choices) {
    command_
        ->add_option_function<std::string>(
            option,
            [state = state_, key](const std::string& value) { state->request.set(key, value); },
            fmt::format("{}", fmt::join(choices, ", ")))
        ->check(CLI::IsMember(choices));
    return *this;
  }
  StateCommand& flag(const char* option, const char* key, const char* about) {
    command_->add_flag_callback(
        option, [state = state_, key] { state->request.set(key, true); }, about);
    return *this;
  }
  // One without which the command means nothing yet.
  StateCommand& required_flag(const char* option, const char* key, const char* about) {
    command_
        ->add_flag_callback(
            option, [state = state_, key] { state->request.set(key, true); }, about)
        ->required();
    return *this;
  }
  StateCommand& yes_or_no(const char* option, const char* key, const char* about) {
    command_
        ->add_option_function<std::string>(
            option,
            [state = state_, key](const std::string& value) {
              state->request.set(key, value == "yes");
            },
            about)
        ->required()
        ->check(CLI::IsMember({"yes", "no"}));
    return *this;
  }
  StateCommand& list(const char* option, const char* key, const char* about) {
    command_->add_option_function<std::vector<std::string>>(
        option,
        [state = state_, key](const std::vector<std::string>& values) {
          state->request.set(key, cel::List(values.begin(), values.end()));
        },
        about);
    return *this;
  }
  // What contact add and contact set have in common.
  StateCommand& changes() {
    command_->add_option("ATTRIBUTE=VALUE", state_->attributes,
                         "VALUE is JSON, or a text as it stands; null removes");
    command_->add_option("--address", state_->addresses, "CHANNEL=ADDRESS; an empty one removes")
        ->option_text("CHANNEL=ADDRESS ...");
    return text("--timezone", "timezone", "such as Europe/Paris", false)
        .text("--locale", "locale", "such as ru", false)
        .list("--tag", "tag", "tags to add")
        .list("--untag", "untag", "tags to take away");
  }
  StateCommand& properties() {
    command_->add_option("--data", state_->properties, "properties, as a JSON object");
    return *this;
  }

 private:
  // NAME=VALUE lists into JSON objects of the request.
  static Result<void> complete(State& state) {
    cel::Map attributes;
    for (const auto& item : state.attributes) {
      const std::size_t equals = item.find('=');
      if (equals == std::string::npos) return base::fail(item + " is not ATTRIBUTE=VALUE");
      std::string text = item.substr(equals + 1);
      auto value = cel::from_json(text);
      attributes.set(item.substr(0, equals), value ? *value : cel::Value(std::move(text)));
    }
    if (!attributes.empty()) state.request.set("attributes", std::move(attributes));
    cel::Map addresses;
    for (const auto& item : state.addresses) {
      const std::size_t equals = item.find('=');
      if (equals == std::string::npos) return base::fail(item + " is not CHANNEL=ADDRESS");
      addresses.set(item.substr(0, equals), item.substr(equals + 1));
    }
    if (!addresses.empty()) state.request.set("addresses", std::move(addresses));
    if (state.properties.empty()) return {};
    auto properties = parse_json("--data", state.properties);
    if (!properties) return base::fail(properties.error());
    state.request.set("properties", *std::move(properties));
    return {};
  }

  CLI::App* command_;
  std::shared_ptr<State> state_;
};

constexpr const char* contact_about = "an id, CHANNEL:ADDRESS or an e-mail address";

CLI::App& add_group(CLI::App& app, const char* name, const char* about) {
  auto* group = app.add_subcommand(name, about);
  group->require_subcommand(1);
  return *group;
}

void add_talk(CLI::App& group, Call& call) {
  StateCommand(group, call, "link", "the link to a bot that ties the chat to the contact",
               "contact/link")
      .text("CONTACT", "contact", contact_about, true)
      .text("--channel", "channel", "such as telegram; all that have one where left out", false)
      .examples(
          "  nurtured contact link anna\n"
          "  nurtured contact link anna --channel telegram");
  StateCommand(group, call, "handoff", "a human has the contact: nothing automated but receipts",
               "contact/handoff")
      .text("CONTACT", "contact", contact_about, true)
      .text("--for", "for", "how long, such as 3d; until handed back where left out", false)
      .text("--by", "by", "who, for the record", false)
      .text("--reason", "reason", "why, for the record", false)
      .examples(
          "  nurtured contact handoff anna --for 3d --by lena\n"
          "  nurtured contact handoff anna --reason 'we talk by phone'");
  StateCommand(group, call, "answer", "a human's own message, by the channel they wrote on last",
               "contact/answer")
      .text("CONTACT", "contact", contact_about, true)
      .text("TEXT", "text", "as it stands", true)
      .text("--by", "by", "who, for the record", false)
      .examples(
          "  nurtured contact answer anna 'It starts at seven.'\n"
          "  nurtured contact answer anna 'It starts at seven.' --by lena");
  StateCommand(group, call, "hand-back", "automation has the contact again", "contact/hand-back")
      .text("CONTACT", "contact", contact_about, true)
      .text("--by", "by", "who, for the record", false)
      .examples(
          "  nurtured contact hand-back anna\n"
          "  nurtured contact hand-back anna --by lena");
}

void add_contact(CLI::App& app, Call& call) {
  auto& group = add_group(app, "contact", "look at people, add and change them");
  add_examples(group,
               "  nurtured contact show anna@example.org\n"
               "  nurtured contact set anna score_note=7 --tag vip");
  StateCommand(group, call, "list", "all of them, in the order in which they came", "contact/list")
      .number("--after", "after", "go on after that one", false)
      .number("--limit", "limit", "how many; 100 where left out", false)
      .examples("  nurtured contact list\n  nurtured contact list --limit 1000 --format json");
  StateCommand(group, call, "show", "all that is known of one", "contact/show")
      .text("CONTACT", "contact", contact_about, true)
      .examples(
          "  nurtured contact show anna\n"
          "  nurtured contact show telegram:4711 --format json");
  StateCommand(group, call, "add", "a new one", "contact/add")
      .text("CONTACT", "contact", "the id", true)
      .changes()
      .examples(
          "  nurtured contact add anna first_name=Anna --address email=anna@example.org\n"
          "  nurtured contact add 4711 --timezone Europe/Paris --tag talk-2026");
  StateCommand(group, call, "set", "change one", "contact/set")
      .text("CONTACT", "contact", contact_about, true)
      .changes()
      .examples(
          "  nurtured contact set anna plan=pro seats=5\n"
          "  nurtured contact set anna --untag trial --locale fr");
  StateCommand(group, call, "consent", "record what a person allowed or took back",
               "contact/consent")
      .text("CONTACT", "contact", contact_about, true)
      .text("CHANNEL", "channel", "such as email", true)
      .yes_or_no("GIVEN", "given", "yes or no; yes also lifts an unsubscribe")
      .text("--wording", "wording", "what was agreed to, as evidence", false)
      .examples(
          "  nurtured contact consent anna email yes --wording 'asked for it at the fair'\n"
          "  nurtured contact consent anna telegram no");
  StateCommand(group, call, "suppress", "send nothing any more, consent or not", "contact/suppress")
      .text("CONTACT", "contact", contact_about, true)
      .text("--scope", "scope", "all (where left out) or marketing", false)
      .text("--channel", "channel", "that address alone; the person where left out", false)
      .text("--reason", "reason", "for the record", false)
      .examples(
          "  nurtured contact suppress anna --reason 'asked by phone'\n"
          "  nurtured contact suppress anna --scope marketing --channel email");
  StateCommand(group, call, "unsuppress", "lift a suppression; consent stays as it is",
               "contact/unsuppress")
      .text("CONTACT", "contact", contact_about, true)
      .text("--channel", "channel", "of that address; of the person where left out", false)
      .text("--by", "by", "who decided it, for the record", true)
      .text("--reason", "reason", "why, for the record", true)
      .examples(
          "  nurtured contact unsuppress anna --channel email --by lena --reason 'mailbox works'\n"
          "  nurtured contact unsuppress anna --by lena --reason 'asked for it by phone'");
  add_talk(group, call);
}

void add_events(CLI::App& app, Call& call) {
  auto& events = add_group(app, "event", "tell of something that happened");
  add_examples(events,
               "  nurtured event add anna order.paid --data '{\"amount\": 90}'\n"
               "  nurtured event list --set-aside");
  StateCommand(events, call, "add", "an event of one contact", "event/add")
      .text("CONTACT", "contact", contact_about, true)
      .text("EVENT", "event", "its name", true)
      .text("--at", "at", "when, such as 2026-03-04T18:00:00Z; now where left out", false)
      .properties()
      .examples(
          "  nurtured event add anna order.paid --data '{\"amount\": 90}'\n"
          "  nurtured event add anna webinar.attended --at 2026-03-04T18:00:00Z");
  StateCommand(events, call, "list", "inputs that ended the daemon again and again", "event/list")
      .required_flag("--set-aside", "set_aside", "those that are kept and not taken")
      .number("--after", "after", "go on after that number", false)
      .number("--limit", "limit", "how many; 100 where left out", false)
      .examples(
          "  nurtured event list --set-aside\n"
          "  nurtured event list --set-aside --format json | jq .set_aside");
  StateCommand(events, call, "retry", "take one of those again, after an upgrade, say",
               "event/retry")
      .number("NUMBER", "number", "as `event list --set-aside` shows it", true)
      .examples("  nurtured event retry 3\n  nurtured event retry 3 --format json");
  auto& touches = add_group(app, "touch", "record a touch that no system saw");
  add_examples(touches,
               "  nurtured touch add anna meeting --note 'coffee at the fair'\n"
               "  nurtured touch add anna call --at 2026-03-04T15:00:00Z");
  StateCommand(touches, call, "add", "a meeting, a visit, a talk; counted as a touch", "touch/add")
      .text("CONTACT", "contact", contact_about, true)
      .text("KIND", "kind", "meeting, visit, talk, call …", true)
      .text("--place", "place", "offline (where left out) or online", false)
      .text("--channel", "channel", "such as phone", false)
      .text("--note", "note", "in your words", false)
      .text("--at", "at", "when; now where left out", false)
      .examples(
          "  nurtured touch add anna meeting --note 'coffee at the fair'\n"
          "  nurtured touch add anna call --at 2026-03-04T15:00:00Z");
  StateCommand(touches, call, "qr", "a QR code whose page logs a touch of whoever opens it",
               "touch/qr")
      .text("KIND", "kind", "meeting, visit, talk …", true)
      .text("--note", "note", "what of; its page shows it", false)
      .text("--contact", "contact", "for one contact alone; else the page asks for the e-mail",
            false)
      .text("--to", "to", "the address where the page leads on to", false)
      .text("--until", "until", "when it ends to be good, such as 2026-03-04T18:00:00Z", false)
      .examples(
          "  nurtured touch qr talk --note 'Launches in spring' --to https://example.org/slides\n"
          "  nurtured touch qr visit --contact anna");
}

void add_enrollments(CLI::App& app, Call& call) {
  auto& group = add_group(app, "enrollment", "who is under way in which playbook");
  add_examples(group, "  nurtured enrollment list anna\n  nurtured enrollment list --parked");
  StateCommand(group, call, "list", "of one contact, the parked ones, or how many stand where",
               "enrollment/list")
      .text("CONTACT", "contact", contact_about, false)
      .flag("--parked", "parked", "those of which a step failed")
      .number("--after", "after", "go on after that contact", false)
      .number("--limit", "limit", "how many; 100 where left out", false)
      .examples("  nurtured enrollment list\n  nurtured enrollment list --parked");
  StateCommand(group, call, "start", "begin a playbook that has `manual: true`", "enrollment/start")
      .text("CONTACT", "contact", contact_about, true)
      .text("PLAYBOOK", "playbook", "its id", true)
      .properties()
      .examples("  nurtured enrollment start anna welcome --data '{\"source\":\"fair\"}'");
  StateCommand(group, call, "stop", "end one; what has not left is withdrawn", "enrollment/stop")
      .text("CONTACT", "contact", contact_about, true)
      .number("NUMBER", "enrollment", "as `enrollment list` shows it", true)
      .examples(
          "  nurtured enrollment stop anna 3\n"
          "  nurtured enrollment stop anna@example.org 1 --format json");
  StateCommand(group, call, "retry", "run the failed step of a parked one again",
               "enrollment/retry")
      .text("CONTACT", "contact", contact_about, true)
      .number("NUMBER", "enrollment", "as `enrollment list` shows it", true)
      .examples(
          "  nurtured enrollment retry anna 3\n"
          "  nurtured enrollment retry anna@example.org 1 --format json");
}

void add_silences(CLI::App& app, Call& call) {
  auto& group = add_group(app, "silence", "messages held back for a while");
  add_examples(group,
               "  nurtured silence add --segment seminar --for 3d --why 'they sit in the seminar'\n"
               "  nurtured silence list");
  StateCommand(group, call, "add", "hold what fits everything that is named", "silence/add")
      .text("--segment", "segment", "to whom", false)
      .text("--playbook", "playbook", "of which playbook", false)
      .text("--message", "message", "which message", false)
      .text("--channel", "channel", "on which channel", false)
      .list("--kind", "kind",
            "value, engagement, offer, reminder or reply; all marketing where left out")
      .text("--for", "for", "how long, such as 3d", false)
      .text("--until", "until", "or until when, such as 2026-03-04T18:00:00Z", false)
      .text("--from", "from", "from when on; now where left out", false)
      .text("--why", "why", "shown by explain", true)
      .text("--by", "by", "who says so", false)
      .examples(
          "  nurtured silence add --segment seminar --for 3d --why 'they sit in the seminar'\n"
          "  nurtured silence add --kind offer --channel telegram --for 12h --why 'prices change'");
  StateCommand(group, call, "list", "those that are not over", "silence/list")
      .examples("  nurtured silence list --format json");
  StateCommand(group, call, "end", "let go what it holds", "silence/end")
      .number("NUMBER", "silence", "as `silence list` shows it", true)
      .examples("  nurtured silence end 3");
}

void add_deliveries(CLI::App& app, Call& call) {
  auto& group = add_group(app, "delivery", "messages on their way");
  add_examples(group,
               "  nurtured delivery list --state uncertain\n"
               "  nurtured delivery resend 57.1.3.0.email");
  StateCommand(group, call, "list", "the newest first", "delivery/list")
      .choice("--state", "state",
              {"ready", "committing", "departed", "uncertain", "refused", "returned"})
      .text("--after", "after", "go on where the page before ended", false)
      .number("--limit", "limit", "how many; 100 where left out", false)
      .examples("  nurtured delivery list\n  nurtured delivery list --state uncertain");
  StateCommand(group, call, "resend",
               "send an uncertain one again, on your word that it did not arrive",
               "delivery/resend")
      .text("KEY", "delivery", "as `delivery list` shows it", true)
      .examples(
          "  nurtured delivery resend 57.1.3.0.email\n"
          "  nurtured delivery resend 57.1.3.0.email --format json");
}

}  // namespace

void add_state_commands(CLI::App& app, Call& call) {
  StateCommand(app, call, "explain", "why a contact got, waits for or was refused what it was",
               "explain")
      .text("CONTACT", "contact", contact_about, true)
      .number("--limit", "limit", "how much of the past; 20 lines where left out", false)
      .examples(
          "  nurtured explain anna\n"
          "  nurtured explain anna@example.org --format json | jq .held");
  add_contact(app, call);
  add_events(app, call);
  add_enrollments(app, call);
  add_silences(app, call);
  add_deliveries(app, call);
}

}  // namespace nurtured::daemon::cli
