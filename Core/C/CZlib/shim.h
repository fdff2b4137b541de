// inflateInit2 is a macro, which Swift does not import. With ZLIB_CONST input is const.
#define ZLIB_CONST
#include <zlib.h>

/// Prepares a stream, all zero, for deflate data as zip files have it: without zlib's header.
static inline int headgate_inflate_init(z_stream *stream) { return inflateInit2(stream, -15); }
