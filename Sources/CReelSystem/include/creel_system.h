// What Swift's Glibc overlay leaves out of Linux: macros, unions and variadic calls.
#ifndef CREEL_SYSTEM_H
#define CREEL_SYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>

/// Takes the write lock of the open file description without waiting: 0, or the errno.
int creel_lock_exclusive(int fd);

/// The thread's name as `ps -L` and a debugger show it; longer than 15 bytes is cut.
void creel_name_thread(const char *name);

/// Keeps reads of a mapped file alive when the file shrinks underneath: installs the SIGBUS handler once. A fault
/// inside a guarded range maps a zero page in place and marks the range; any other fault dies as it would have.
void creel_guard_mappings(void);

/// Registers a mapping with the guard. Returns its slot, or -1 when all slots are taken.
int creel_guard_add(const void *base, size_t length);
void creel_guard_remove(int slot);
/// Whether a fault was patched in that range since it was added.
bool creel_guard_faulted(int slot);

// --- sockets and readiness (ReelSystem: Socket*.swift, Poller.swift, WakeEvent.swift) ---------------------------

/// Who is at the other end of an accepted connection.
typedef struct {
    /// AF_UNIX, AF_INET or AF_INET6.
    int family;
    /// SO_PEERCRED; only with AF_UNIX.
    uint32_t uid, gid;
    int32_t pid;
    /// Host byte order; only with AF_INET and AF_INET6.
    uint16_t port;
    /// Numeric, NUL-terminated; only with AF_INET and AF_INET6.
    char address[46];
} creel_peer;

/// All of these return -errno when they fail. Every descriptor they make is close-on-exec.

/// A listening Unix socket at `path` with exactly `mode`. A socket file nobody answers on is replaced; a living one
/// is -EADDRINUSE, a file that is no socket too.
int creel_listen_unix(const char *path, unsigned mode, int backlog);
/// A listening TCP socket on a numeric IPv4 or IPv6 address; TCP_NODELAY passes on to what it accepts.
int creel_listen_tcp(const char *address, uint16_t port, int backlog);
/// Makes an inherited listening socket non-blocking and close-on-exec; -EINVAL when it does not listen.
int creel_adopt_listener(int fd);
/// The TCP port a socket is bound to, 0 for other families.
int creel_bound_port(int fd);
/// Room for any name that creel_bound_name writes, with its zero.
#define CREEL_NAME_SIZE 128
/// The supplementary groups of a Unix socket's peer (SO_PEERGROUPS), as they were at connect(2). Returns how many there
/// are, also when that is more than `count` and nothing was written.
int creel_peer_groups(int fd, uint32_t *groups, int count);
/// What a socket is bound to, as text: a path, or an address and port.
int creel_bound_name(int fd, char *text, size_t size);
/// The next connection, non-blocking, with its peer.
int creel_accept(int fd, creel_peer *peer);
/// Blocking connections; `seconds` bounds each later receive and send too (0: no bound).
int creel_connect_unix(const char *path, unsigned seconds);
int creel_connect_tcp(const char *address, uint16_t port, unsigned seconds);
/// recv(2), begun again after a signal.
ssize_t creel_receive(int fd, void *bytes, size_t count);
/// Whether a connection has bytes or an end to be read, without reading them.
bool creel_has_input(int fd);
/// Up to three pieces in one sendmsg(2), SIGPIPE-free, the first `skip` bytes of them left out.
ssize_t creel_send(int fd, const void *a, size_t a_count, const void *b, size_t b_count, const void *c,
                   size_t c_count, size_t skip, bool has_more);
/// Makes the coming close(2) send a reset, so that the peer cannot take the end for a good one.
void creel_reset_on_close(int fd);

int creel_poller_create(void);
/// Watches for input, output, and half-close; `edge` chooses edge-triggered with output, otherwise level-triggered
/// input alone. `tag` comes back with each event.
int creel_poller_add(int poller, int fd, uint64_t tag, bool edge);
int creel_poller_remove(int poller, int fd);
/// Bits of an event.
enum { CREEL_READABLE = 1, CREEL_WRITABLE = 2, CREEL_PEER_CLOSED = 4, CREEL_HUNG_UP = 8 };
/// Waits and fills both arrays; an interrupted wait is 0 events.
int creel_poller_wait(int poller, uint64_t *tags, uint32_t *events, int count_max, int timeout_ms);

int creel_event_create(void);
void creel_event_signal(int fd);
void creel_event_clear(int fd);

/// clock.c: whether the kernel's wall clock is synchronised: 1, 0, or -errno where it may not be asked.
int creel_clock_state(void);

/// memory.c: what malloc keeps at the top of a heap when it is freed, and from what size on it maps anew.
void creel_keep_memory(size_t kept_bytes, size_t mapped_bytes);

#endif
