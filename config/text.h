// Liquid inside steps: what `notify`, `set` and `emit` say. Inside config/ only.
#pragma once

#include <functional>
#include <memory>

#include "config/expression.h"
#include "content/message.h"

namespace nurtured::config {

inline constexpr std::size_t step_text_bytes_max = 16 * 1024;

// Whether it is to be computed: CEL behind a `=`, or Liquid.
bool is_computed(std::string_view text);

// Names of tags and events are written out: reports one that is not, at `place`.
bool check_written_out(std::string_view name, std::string_view what, const base::Place& place,
                       const Reading& reading);

// nullptr, and reported, when the scalar is no Liquid text.
std::shared_ptr<const rules::Text> read_text(const Node& node,
                                             const std::shared_ptr<const content::Library>& library,
                                             const Scene& scene, const Reading& reading);

// What a template asks for that is not there: partials and filters, with the nearest name. The
// places that usage has are handed to `place`, which tells where they stand in the file. Partials
// are added to the uses.
void check_usage(const content::liquid::Usage& usage, const content::Library& library,
                 const std::function<base::Place(const base::Place&)>& place, Uses& uses,
                 Problems& problems);

// Warns of `raw` and `escape` in messages, whose values are escaped by where they stand.
void check_escaping(const content::liquid::Usage& usage,
                    const std::function<base::Place(const base::Place&)>& place,
                    Problems& problems);

// Warns of variables that can never have a value there: of an unknown name, of none of `vars`, or
// no property of the event.
void check_variables(const content::liquid::Usage& usage, const Scene& scene,
                     const Catalogue& catalogue,
                     const std::function<base::Place(const base::Place&)>& place,
                     Problems& problems);

}  // namespace nurtured::config
