#define _GNU_SOURCE
#include "creel_system.h"

#include <unistd.h>

int creel_poller_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int creel_poller_add(int poller, int fd, uint64_t tag, bool edge) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    if (edge) event.events |= EPOLLOUT | EPOLLRDHUP | EPOLLET;
    return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

int creel_poller_remove(int poller, int fd) {
    return epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL) == 0 ? 0 : -errno;
}

int creel_poller_wait(int poller, uint64_t *tags, uint32_t *events, int count_max, int timeout_ms) {
    struct epoll_event ready[256];
    if (count_max > 256) count_max = 256;
    int count = epoll_wait(poller, ready, count_max, timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        tags[i] = ready[i].data.u64;
        uint32_t bits = ready[i].events;
        events[i] = (bits & EPOLLIN ? CREEL_READABLE : 0) | (bits & EPOLLOUT ? CREEL_WRITABLE : 0) |
                    (bits & EPOLLRDHUP ? CREEL_PEER_CLOSED : 0) | (bits & (EPOLLHUP | EPOLLERR) ? CREEL_HUNG_UP : 0);
    }
    return count;
}

int creel_event_create(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void creel_event_signal(int fd) {
    // A full counter (EAGAIN) has woken the reader already.
    eventfd_write(fd, 1);
}

void creel_event_clear(int fd) {
    eventfd_t count;
    eventfd_read(fd, &count);
}
