#include "daemon/visitor.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace nurtured::daemon {
namespace {

constexpr std::string_view prefetch = "a prefetch";
constexpr std::string_view no_agent = "no user agent";
constexpr std::string_view bare_agent = "a privacy proxy";
constexpr std::string_view known_agent = "a program's user agent";

// Parts of user agents that programs send, in lower case. Their makers publish them; generic words
// ("bot", "crawler") are what such programs are asked to use (RFC 9309 names the robots, and
// their documentation the agents). tests/daemon/visitors.tsv has cases with their sources.
constexpr std::array agents = std::to_array<std::string_view>({
    // by what they call themselves
    "bot/",
    "bot;",
    "bot)",
    "bot ",
    "crawler",
    "spider",
    "preview",
    "scanner",
    "monitoring",
    "headless",
    "phantomjs",
    "safebrowsing",
    "google-safety",
    // previews of messengers and networks
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "meta-externalfetcher",
    "whatsapp/",
    "telegrambot",
    "twitterbot",
    "skypeuripreview",
    "vkshare",
    "viber/",
    "slackbot",
    "slack-imgproxy",
    "discordbot",
    "linkedinbot",
    "pinterest/",
    "embedly",
    "mattermost",
    "iframely",
    "snapchat",
    // mail security
    "barracuda",
    "mimecast",
    "proofpoint",
    "symantec",
    "messagelabs",
    "trendmicro",
    "sophos",
    "cisco-ironport",
    "fireeye",
    "zscaler",
    "cloudmark",
    "urldefense",
    "bitdefender",
    "kaspersky",
    "avanan",
    "ms-office",
    "microsoft office",
    "microsoft outlook",
    // libraries and tools
    "curl/",
    "wget/",
    "python-requests",
    "python-urllib",
    "python/",
    "aiohttp",
    "go-http-client",
    "java/",
    "libwww-perl",
    "lwp::simple",
    "apache-httpclient",
    "node-fetch",
    "undici",
    "axios/",
    "guzzlehttp",
    "okhttp",
    "ruby",
    "php/",
    "scrapy",
    "winhttp",
    "powershell",
});

// Agents that hold one of those words and are a person's browser all the same: phones by CUBOT.
constexpr std::array persons = std::to_array<std::string_view>({"cubot"});

// Fetch pictures when their user opens the mail.
constexpr std::array opening_proxies =
    std::to_array<std::string_view>({"googleimageproxy", "yahoomailproxy"});

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return out;
}

bool holds_any(const std::string& agent, std::span<const std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return agent.find(word) != std::string::npos; });
}

// Sec-Purpose: HTML standard, "speculative loading"; the others are what browsers sent before it.
bool is_prefetch(const http::Headers& headers) {
  for (const std::string_view name : {"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"}) {
    const auto value = headers.find(name);
    if (!value) continue;
    const std::string said = lower(*value);
    if (said.find("prefetch") != std::string::npos || said.find("preview") != std::string::npos ||
        said.find("prerender") != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string_view machine_reason(const http::Headers& headers, rules::VisitKind kind) {
  if (is_prefetch(headers)) return prefetch;
  const std::string agent = lower(headers.find("User-Agent").value_or(""));
  if (agent.find_first_not_of(" \t-") == std::string::npos) return no_agent;
  // Apple's proxy sends no more than this, and so do scanners that hide.
  if (agent == "mozilla/5.0" || agent == "mozilla/4.0") return bare_agent;
  if (kind == rules::VisitKind::open && holds_any(agent, opening_proxies)) return {};
  if (holds_any(agent, opening_proxies)) return known_agent;
  if (holds_any(agent, persons)) return {};
  if (agent.ends_with("bot") || holds_any(agent, agents)) return known_agent;
  return {};
}

}  // namespace nurtured::daemon
