// Between the rules' values and the bytes that the store keeps. Each value is a row of tagged
// fields in ascending order of their tags; a field at its default is left out, one that is not
// known is skipped, so the release before reads what this one writes. What a table's key or column
// holds already (a contact's id, an address, a moment) is not repeated in the bytes: decoding takes
// it back as a parameter.
//
// Encoding appends to `out`; it fails as `too_large` for a value nested deeper than
// value_depth_max, and `out` is then of no use. With `names` (store/names.h) repeated texts become
// numbers, and decoding needs the same names; without, records stand alone. Decoding takes any
// bytes: `invalid` for those that no encoder wrote (the file is damaged). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/contact.h"
#include "rules/event.h"
#include "rules/transition.h"
#include "store/types.h"

namespace nurtured::store {

class Names;

// Lists and maps inside each other. Inputs are far below (cel::JsonLimits::depth_max).
inline constexpr std::size_t value_depth_max = 100;
// Memory that one decoded record may ask for; damaged bytes could otherwise ask for any amount.
inline constexpr std::size_t decoded_bytes_max = 128U << 20;

base::Result<void> encode(const cel::Value& value, std::string& out, Names* names = nullptr);
base::Result<cel::Value> decode_value(std::string_view data, Names* names = nullptr);

base::Result<void> encode(const rules::Contact& contact, std::string& out, Names* names = nullptr);
base::Result<rules::Contact> decode_contact(ContactId id, std::string_view data,
                                            Names* names = nullptr);

base::Result<void> encode(const rules::AddressState& state, std::string& out,
                          Names* names = nullptr);
base::Result<rules::AddressState> decode_address(rules::Address address, std::string_view data,
                                                 Names* names = nullptr);

// Events and decisions of one contact and batch share a row, which saves its overhead and that of
// its place in the timeline. Each call adds one to the row; `row_at` is the row's moment.
base::Result<void> append(const rules::Event& event, Instant row_at, std::string& row,
                          Names* names = nullptr);
base::Result<std::vector<rules::Event>> decode_events(Instant row_at, std::string_view row,
                                                      Names* names = nullptr);
base::Result<void> append(const rules::Decision& decision, Instant row_at, std::string& row,
                          Names* names = nullptr);
base::Result<std::vector<rules::Decision>> decode_decisions(Instant row_at, std::string_view row,
                                                            Names* names = nullptr);

base::Result<void> encode(const rules::Delivery& delivery, std::string& out,
                          Names* names = nullptr);
base::Result<rules::Delivery> decode_delivery(ContactId contact, Instant at, std::string_view data,
                                              Names* names = nullptr);

base::Result<void> encode(const rules::Notification& notification, std::string& out,
                          Names* names = nullptr);
base::Result<rules::Notification> decode_notification(Instant at, std::string_view data,
                                                      Names* names = nullptr);

// Stands alone, because the daemon's crash record holds it before the store does.
base::Result<void> encode(const SetAside& input, std::string& out);
base::Result<SetAside> decode_set_aside(std::string_view data);

base::Result<void> encode(const std::vector<BookFile>& files, std::string& out);
base::Result<std::vector<BookFile>> decode_files(std::string_view data);

// The numbers under which these are stored in columns.
int stored_number(rules::DeliveryChange change);
base::Result<rules::DeliveryChange> delivery_change(int number);

}  // namespace nurtured::store
