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

#endif
