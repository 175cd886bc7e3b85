// simdjson's first stage: UTF-8 validation and the positions of JSON's structural characters.
#ifndef CREEL_SIMDJSON_H
#define CREEL_SIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct creel_simdjson creel_simdjson;

/// A reusable indexer; NULL when memory is out.
creel_simdjson *creel_simdjson_create(void);
void creel_simdjson_destroy(creel_simdjson *);

#ifdef __cplusplus
}
#endif
#endif
