#include "creel_simdjson.h"

#include <simdjson.h>

struct creel_simdjson {
    simdjson::dom::parser parser;
};

creel_simdjson *creel_simdjson_create(void) { return new (std::nothrow) creel_simdjson; }
void creel_simdjson_destroy(creel_simdjson *indexer) { delete indexer; }
