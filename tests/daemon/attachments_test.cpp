#include "daemon/attachments.h"

#include "connectors/mime.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;

TEST_CASE("a file of any type is attached to a mail") {
  const auto name = GENERATE(as<std::string>(), "a.pdf", "a.png", "a.jpg", "a.jpeg", "a.gif",
                             "a.webp", "a.txt", "a.csv", "a.ics", "a.zip", "a.mp3", "a.docx",
                             "a.unknown", "no-ending", "Руководство.txt");
  const tests::TemporaryFolder folder;
  folder.write("files/" + name, "content");
  auto attachments = daemon::read_attachments(folder.path(), {"files/" + name});
  REQUIRE(attachments);
  REQUIRE(attachments->size() == 1);
  CHECK(attachments->front().name == name);
  CHECK(attachments->front().bytes == "content");
  connectors::Mail mail{.from = {"", "anna@example.org"},
                        .to = {"", "u1@example.org"},
                        .message_id = "1@example.org",
                        .text = "Here it is."};
  mail.attachments = *std::move(attachments);
  CHECK(connectors::build_mime(mail));
}

TEST_CASE("what is attached lies in the workspace") {
  const tests::TemporaryFolder folder;
  folder.write("files/a.txt", "content");
  const auto path = GENERATE(as<std::string>(), "../a.txt", "/etc/hostname", "files/../../a.txt",
                             "files", "files/none.txt", "");
  CHECK_FALSE(daemon::read_attachments(folder.path(), {path}));
}
