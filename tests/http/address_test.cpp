#include "http/address.h"

#include "tests/catch.h"

using namespace nurtured::http;

TEST_CASE("only global addresses are public") {
  const auto [text, expected] = GENERATE(table<std::string, bool>({
      {"8.8.8.8", true},
      {"172.15.255.255", true},
      {"172.32.0.0", true},
      {"100.128.0.1", true},
      {"2a00:1450:4001::1", true},
      {"64:ff9b::8.8.8.8", true},
      {"2002:808:808::1", true},
      {"::ffff:8.8.8.8", true},
      {"0.0.0.0", false},
      {"10.1.2.3", false},
      {"100.64.0.1", false},
      {"127.0.0.1", false},
      {"127.255.255.254", false},
      {"169.254.169.254", false},
      {"172.16.0.1", false},
      {"172.31.255.255", false},
      {"192.168.1.1", false},
      {"192.0.0.192", false},
      {"198.18.0.1", false},
      {"224.0.0.1", false},
      {"255.255.255.255", false},
      {"::", false},
      {"::1", false},
      {"::ffff:127.0.0.1", false},
      {"::ffff:169.254.169.254", false},
      {"::127.0.0.1", false},
      {"64:ff9b::127.0.0.1", false},
      {"2002:7f00:1::1", false},
      {"2001::1", false},
      {"2001:db8::1", false},
      {"fc00::1", false},
      {"fd00:ec2::254", false},
      {"fe80::1", false},
      {"ff02::1", false},
  }));
  CAPTURE(text);
  const auto address = parse_address(text);
  REQUIRE(address);
  CHECK(is_public(*address) == expected);
}

TEST_CASE("what is no address is refused") {
  const auto text = GENERATE(as<std::string>(), "", "127.1", "0x7f.0.0.1", "1.2.3.4.5", "1.2.3.256",
                             "[::1]", "::1%eth0", "12345::", "localhost", " 1.2.3.4", "1.2.3.4\n",
                             std::string("1.2.3.4\0", 8), std::string(1000, '1'));
  CAPTURE(text);
  CHECK_FALSE(parse_address(text));
}

TEST_CASE("an endpoint is a host and a port") {
  CHECK(parse_endpoint("127.0.0.1:8025") == Endpoint{"127.0.0.1", 8025});
  CHECK(parse_endpoint("[::1]:0") == Endpoint{"::1", 0});
  CHECK(parse_endpoint("localhost:65535") == Endpoint{"localhost", 65535});
  const auto text =
      GENERATE(as<std::string>(), "", ":", "127.0.0.1", "127.0.0.1:", ":80", "h:65536", "h:-1",
               "h:+1", "h: 1", "h:1x", "h:1 ", "h:99999999999999999999");
  CAPTURE(text);
  CHECK_FALSE(parse_endpoint(text));
}

TEST_CASE("both forms of an IPv4 address are one") {
  CHECK(parse_address("::ffff:1.2.3.4") == parse_address("1.2.3.4"));
  CHECK(to_string(*parse_address("::ffff:1.2.3.4")) == "1.2.3.4");
  CHECK(to_string(*parse_address("2001:DB8:0::1")) == "2001:db8::1");
}

TEST_CASE("a subscriber's IPv6 network is one source") {
  CHECK(source_of(*parse_address("2a00:1:2:3::1")) == source_of(*parse_address("2a00:1:2:3:4::9")));
  CHECK(source_of(*parse_address("2a00:1:2:3::1")) != source_of(*parse_address("2a00:1:2:4::1")));
  CHECK(source_of(*parse_address("1.2.3.4")) != source_of(*parse_address("1.2.3.5")));
}

TEST_CASE("networks hold what lies in them") {
  const auto networks =
      Networks::parse({"10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "172.16.0.0/12"});
  REQUIRE(networks);
  const auto [text, expected] = GENERATE(table<std::string, bool>({
      {"10.255.0.1", true},
      {"11.0.0.1", false},
      {"192.0.2.7", true},
      {"192.0.2.8", false},
      {"::ffff:10.0.0.1", true},
      {"2001:db8:7fff::1", true},
      {"2001:db8:8000::1", false},
      {"172.31.0.1", true},
      {"172.32.0.1", false},
  }));
  CAPTURE(text);
  CHECK(networks->contains(*parse_address(text)) == expected);
}

TEST_CASE("what is no network is refused with its text") {
  const auto* text = GENERATE("", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                              "::/129", "ten", "10.0.0.0/8/8", "10.0.0.0/ 8");
  CAPTURE(text);
  const auto networks = Networks::parse({text});
  REQUIRE_FALSE(networks);
  CHECK(networks.error().message.find(text) != std::string::npos);
}
