// simdjson's first stage: UTF-8 validation and the positions of JSON's structural characters.
#ifndef CREEL_SIMDJSON_H
#define CREEL_SIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct creel_simdjson creel_simdjson;

enum {
    CREEL_SIMDJSON_OK = 0,
    /// No memory for the positions.
    CREEL_SIMDJSON_NO_MEMORY,
    /// The text is 4 GiB or more.
    CREEL_SIMDJSON_TOO_LARGE,
    /// Nothing but white space.
    CREEL_SIMDJSON_EMPTY,
    /// Invalid UTF-8, a control character in a string, or a string without end; which and where is not told.
    CREEL_SIMDJSON_FAULT,
};

/// A reusable indexer; NULL when memory is out.
creel_simdjson *creel_simdjson_create(void);
void creel_simdjson_destroy(creel_simdjson *);

/// Finds the offsets of all brackets, commas and colons outside strings, of the opening quotes of strings, and of the
/// first byte of every other scalar; in order. They stay valid until the next call on this indexer. A byte after the
/// text is never read.
int creel_simdjson_index(
    creel_simdjson *, const uint8_t *text, size_t length, const uint32_t **positions, size_t *count);

/// Gives memory of an outsized text back.
void creel_simdjson_trim(creel_simdjson *);

#ifdef __cplusplus
}
#endif
#endif
