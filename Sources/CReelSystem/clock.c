#include <errno.h>
#include <sys/timex.h>

#include "creel_system.h"

int creel_clock_state(void) {
    struct timex state = {.modes = 0};
    if (adjtimex(&state) < 0) return -errno;
    return (state.status & STA_UNSYNC) ? 0 : 1;
}
