#include "creel_simdjson.h"

#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <new>

struct creel_simdjson {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

namespace {

// Positions are four bytes each, so an indexer at rest keeps at most 4 MiB.
constexpr size_t kept_max = 1 << 20;
constexpr size_t kept_min = 64 << 10;

bool reserve(creel_simdjson *indexer, size_t length) {
    if (indexer->stages && indexer->stages->capacity() >= length) return true;
    indexer->stages.reset();
    const size_t capacity = length > kept_max ? length : std::max(kept_min, length * 2);
    return simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, indexer->stages)
        == simdjson::SUCCESS;
}

}  // namespace

creel_simdjson *creel_simdjson_create(void) { return new (std::nothrow) creel_simdjson; }
void creel_simdjson_destroy(creel_simdjson *indexer) { delete indexer; }

int creel_simdjson_index(
    creel_simdjson *indexer, const uint8_t *text, size_t length, const uint32_t **positions, size_t *count) {
    *positions = nullptr;
    *count = 0;
    if (length == 0) return CREEL_SIMDJSON_EMPTY;
    if (length >= simdjson::SIMDJSON_MAXSIZE_BYTES) return CREEL_SIMDJSON_TOO_LARGE;
    if (!reserve(indexer, length)) return CREEL_SIMDJSON_NO_MEMORY;
    switch (indexer->stages->stage1(text, length, simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS: break;
    case simdjson::EMPTY: return CREEL_SIMDJSON_EMPTY;
    default: return CREEL_SIMDJSON_FAULT;
    }
    *positions = indexer->stages->structural_indexes.get();
    *count = indexer->stages->n_structural_indexes;
    return CREEL_SIMDJSON_OK;
}

void creel_simdjson_trim(creel_simdjson *indexer) {
    if (indexer->stages && indexer->stages->capacity() > kept_max) indexer->stages.reset();
}
