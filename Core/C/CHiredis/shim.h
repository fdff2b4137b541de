// struct timeval is ambiguous between Swift's C modules: times are passed as milliseconds.
#include <hiredis/hiredis.h>

static inline struct timeval headgate_timeval(long milliseconds) {
    struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
    return time;
}
static inline redisContext *headgate_redis_connect(const char *host, int port, long milliseconds) {
    return redisConnectWithTimeout(host, port, headgate_timeval(milliseconds));
}
static inline int headgate_redis_set_timeout(redisContext *context, long milliseconds) {
    return redisSetTimeout(context, headgate_timeval(milliseconds));
}
