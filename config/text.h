// Liquid inside steps: what `notify`, `set` and `emit` say. Inside config/ only.
#pragma once

#include <functional>
#include <memory>

#include "config/expression.h"
#include "content/message.h"

namespace nurtured::config {

inline constexpr std::size_t step_text_bytes_max = 16 * 1024;

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

// Warns of variables that can never have a value there: of an unknown name, of none of `vars`, or
// no property of the event.
void check_variables(const content::liquid::Usage& usage, const Scene& scene,
                     const Catalogue& catalogue,
                     const std::function<base::Place(const base::Place&)>& place,
                     Problems& problems);

}  // namespace nurtured::config
