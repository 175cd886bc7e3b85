#define _GNU_SOURCE
#include "creel_system.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// The handler may run on any thread at any instruction, so the table is fixed and its fields are atomics:
// `base` is published last and cleared first.
enum { SLOT_COUNT = 4096 };
static struct {
    _Atomic(uintptr_t) base;
    _Atomic(size_t) length;
    _Atomic(bool) faulted;
} slots[SLOT_COUNT];
static struct sigaction previous;

static void on_sigbus(int number, siginfo_t *info, void *context) {
    uintptr_t address = (uintptr_t)info->si_addr;
    for (int i = 0; i < SLOT_COUNT; i++) {
        uintptr_t base = atomic_load(&slots[i].base);
        if (base == 0 || address < base || address - base >= atomic_load(&slots[i].length)) continue;
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        void *at = (void *)(address & ~(page - 1));
        if (mmap(at, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) break;
        atomic_store(&slots[i].faulted, true);
        return;
    }
    // Not ours: put the old action back and let the instruction fault again.
    sigaction(SIGBUS, &previous, NULL);
    (void)number;
    (void)context;
}

void creel_guard_mappings(void) {
    static atomic_flag installed = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&installed)) return;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_sigbus;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous);
}

int creel_guard_add(const void *base, size_t length) {
    for (int i = 0; i < SLOT_COUNT; i++) {
        size_t expected = 0;
        // A slot is claimed by its length, then published by its base.
        if (!atomic_compare_exchange_strong(&slots[i].length, &expected, length)) continue;
        atomic_store(&slots[i].faulted, false);
        atomic_store(&slots[i].base, (uintptr_t)base);
        return i;
    }
    return -1;
}

void creel_guard_remove(int slot) {
    if (slot < 0 || slot >= SLOT_COUNT) return;
    atomic_store(&slots[slot].base, 0);
    atomic_store(&slots[slot].length, 0);
}

bool creel_guard_faulted(int slot) { return slot >= 0 && slot < SLOT_COUNT && atomic_load(&slots[slot].faulted); }
