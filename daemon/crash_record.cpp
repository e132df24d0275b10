#include "daemon/crash_record.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>

#include "store/lock.h"

namespace nurtured::daemon {
namespace {

using base::Instant;
using base::Result;

// Another layout gets another one.
constexpr std::array<char, 16> magic = {'n', 'u', 'r', 't', 'u', 'r', 'e',  'd',
                                        ' ', 'r', 'u', 'n', ' ', '1', '\n', '\0'};
constexpr std::size_t suspects_kept = 16;
// Far past the doublings that one_by_one_max allows.
constexpr std::uint32_t unclean_starts_max = 32;

// What the process writes must be in the file in this order whenever it is killed; the compiler
// could otherwise turn stores around that nobody in the process reads.
void in_order() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

// Plain numbers and bytes: whatever the file holds is a value of it.
struct CrashMark::Head {
  struct Death {
    store::DedupKey fingerprint;
    std::uint32_t count;
  };
  std::uint32_t is_marked;
  std::uint32_t payload_bytes;
  store::DedupKey fingerprint;
  std::array<Death, suspects_kept> deaths;
  std::uint32_t next_death;
};

struct CrashRecord::Layout {
  std::array<char, magic.size()> format;
  std::array<char, 64> boot_id;
  std::uint32_t is_running;
  std::uint32_t unclean_starts;  // in a row
  CrashMark::Head input;
  CrashMark::Head rendering;
  std::array<char, rendering_bytes_max> rendering_payload;
  std::array<char, input_bytes_max> input_payload;
};

// ---- marks

void CrashMark::mark(const store::DedupKey& fingerprint, std::string_view payload) {
  const std::string_view kept = payload.substr(0, room_.size());
  head_.fingerprint = fingerprint;
  head_.payload_bytes = static_cast<std::uint32_t>(kept.size());
  std::ranges::copy(kept, room_.begin());
  in_order();
  head_.is_marked = 1;
  in_order();
}

void CrashMark::clear() {
  in_order();
  head_.is_marked = 0;
  in_order();
  for (auto& death : head_.deaths) {
    if (death.count != 0 && death.fingerprint == head_.fingerprint) death.count = 0;
  }
}

std::optional<Suspect> CrashMark::take_death() {
  if (head_.is_marked == 0) return std::nullopt;
  head_.is_marked = 0;
  const std::size_t size = std::min<std::size_t>(head_.payload_bytes, room_.size());
  Suspect suspect{.fingerprint = head_.fingerprint, .payload = {room_.data(), size}};
  const auto known = std::ranges::find_if(head_.deaths, [&](const Head::Death& death) {
    return death.count != 0 && death.fingerprint == suspect.fingerprint;
  });
  if (known != head_.deaths.end()) {
    if (known->count < CrashRecord::deaths_max) ++known->count;
    suspect.deaths = known->count;
    return suspect;
  }
  head_.next_death = (head_.next_death + 1) % suspects_kept;
  head_.deaths.at(head_.next_death) = {suspect.fingerprint, 1};
  suspect.deaths = 1;
  return suspect;
}

// ---- the file

Result<std::unique_ptr<CrashRecord>> CrashRecord::open(const std::string& path,
                                                       std::string_view boot_id) {
  auto file = store::open_file(path, O_RDWR | O_CREAT);
  if (!file) return base::fail(file.error());
  const int full = ::posix_fallocate(file->descriptor(), 0, sizeof(Layout));
  if (full != 0) return base::fail(store::system_error(full, "cannot make room", path));
  void* mapped =
      ::mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE, MAP_SHARED, file->descriptor(), 0);
  if (mapped == MAP_FAILED) return base::fail(store::system_error(errno, "cannot map", path));
  auto& layout = *static_cast<Layout*>(mapped);
  if (layout.format != magic) {
    std::memset(mapped, 0, sizeof(Layout));
    layout.format = magic;
  }
  std::unique_ptr<CrashRecord> record(new CrashRecord(layout));
  std::array<char, sizeof(layout.boot_id)> boot{};
  std::ranges::copy(boot_id.substr(0, boot.size()), boot.begin());
  record->found_.is_unclean = layout.is_running != 0;
  if (!boot_id.empty() && layout.boot_id == boot) {
    record->found_.input = record->input_->take_death();
    record->found_.rendering = record->rendering_->take_death();
  } else {
    layout.input.is_marked = 0;
    layout.rendering.is_marked = 0;
  }
  layout.boot_id = boot;
  return record;
}

CrashRecord::CrashRecord(Layout& layout) : layout_(layout) {
  input_.emplace(layout.input, layout.input_payload);
  rendering_.emplace(layout.rendering, layout.rendering_payload);
}

CrashRecord::~CrashRecord() {
  ::munmap(&layout_, sizeof(Layout));
}

void CrashRecord::begin(Instant now) {
  const std::uint32_t before = std::min(layout_.unclean_starts, unclean_starts_max);
  layout_.unclean_starts = found_.is_unclean ? before + 1 : 0;
  layout_.is_running = 1;
  base::Milliseconds time = layout_.unclean_starts == 0 ? base::Milliseconds{0} : one_by_one_min;
  for (std::uint32_t i = 1; i < layout_.unclean_starts && time < one_by_one_max; ++i) time *= 2;
  until_ = now + std::min(time, one_by_one_max);
}

void CrashRecord::end() {
  layout_.input.is_marked = 0;
  layout_.rendering.is_marked = 0;
  layout_.input.deaths = {};
  layout_.rendering.deaths = {};
  layout_.unclean_starts = 0;
  in_order();
  layout_.is_running = 0;
}

bool CrashRecord::is_one_by_one(Instant now) {
  if (layout_.unclean_starts == 0) return false;
  if (now < until_) return true;
  if (now - until_ >= quiet_after) layout_.unclean_starts = 0;
  return false;
}

std::string crash_record_path(const std::string& store_file) {
  return store_file.empty() ? std::string() : store_file + ".running";
}

}  // namespace nurtured::daemon
