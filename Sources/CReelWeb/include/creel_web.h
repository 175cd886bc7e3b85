// The page's files as they are linked into the binary.
#ifndef CREEL_WEB_H
#define CREEL_WEB_H

#include <stddef.h>

struct creel_web_asset {
    // The file's name, which is its path below /assets/.
    const char *name;
    const unsigned char *bytes;
    size_t size;
};

// The asset of an index; one with no name behind the last.
struct creel_web_asset creel_web_asset(size_t index);

#endif
