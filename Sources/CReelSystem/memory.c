#include "creel_system.h"

#include <malloc.h>

void creel_keep_memory(size_t kept_bytes, size_t mapped_bytes) {
    mallopt(M_TRIM_THRESHOLD, (int)kept_bytes);
    mallopt(M_MMAP_THRESHOLD, (int)mapped_bytes);
}
