// prctl is variadic, which Swift does not import.
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>

/// Of spawn.h, which declares it for GNU sources only; since glibc 2.34.
extern int posix_spawn_file_actions_addclosefrom_np(void *actions, int first);
/// The same, since glibc 2.29.
extern int posix_spawn_file_actions_addchdir_np(void *actions, const char *folder);

/// Asks the kernel to send `signal` to this process when the thread that started it ends. Returns 0, or -1 with errno.
static inline int headgate_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0); }

/// Names the calling thread for debuggers and `ps`; at most 15 bytes of it.
static inline void headgate_name_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }

/// Has a process that is started with these `posix_spawn_file_actions_t` close all its descriptors from `first` on, before later
/// actions. Returns 0, or an error number.
static inline int headgate_spawn_close_from(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

/// Has a process that is started with these `posix_spawn_file_actions_t` begin in this folder. Returns 0, or an error number.
static inline int headgate_spawn_change_folder(void *actions, const char *folder) {
    return posix_spawn_file_actions_addchdir_np(actions, folder);
}

/// The host's clock: microseconds since 1970. struct timespec is ambiguous between Swift's C modules.
static inline int64_t headgate_realtime_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/// What is ready on a socket; struct epoll_event is packed and has a union.
struct headgate_poll_event {
    int socket;
    uint32_t events;
};

/// Waits for `events` of a socket, in a set that may or may not hold it already. Returns 0, or -1 with errno.
static inline int headgate_poll_set(int set, int socket, uint32_t events) {
    struct epoll_event event = {.events = events, .data = {.fd = socket}};
    if (epoll_ctl(set, EPOLL_CTL_MOD, socket, &event) == 0) return 0;
    return errno == ENOENT ? epoll_ctl(set, EPOLL_CTL_ADD, socket, &event) : -1;
}

/// Waits at most so long, -1: without end, for at most 256 sockets. Returns how many there are, 0 after an error too.
static inline int headgate_poll_wait(int set, struct headgate_poll_event *events, int most, int milliseconds) {
    struct epoll_event ready[256];
    int count = epoll_wait(set, ready, most < 256 ? most : 256, milliseconds);
    for (int index = 0; index < count; index++) {
        events[index].socket = ready[index].data.fd;
        events[index].events = ready[index].events;
    }
    return count < 0 ? 0 : count;
}
