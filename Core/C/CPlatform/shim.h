// prctl is variadic, which Swift does not import.
#include <stdint.h>
#include <sys/prctl.h>
#include <time.h>

/// Asks the kernel to send `signal` to this process when the thread that started it ends. Returns 0, or -1 with errno.
static inline int headgate_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0); }

/// Names the calling thread for debuggers and `ps`; at most 15 bytes of it.
static inline void headgate_name_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }

/// The host's clock: microseconds since 1970. struct timespec is ambiguous between Swift's C modules.
static inline int64_t headgate_realtime_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}
