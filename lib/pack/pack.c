#include "lib/pack/pack.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "lib/pack/internal.h"

enum {
    PACK_CHUNK = 65536,
    WINDOW_RAW = -15, /* zlib's words for: deflate without a frame */
    WINDOW_GZIP = 31, /* and for: gzip */
};

/* ---- output ---- */

bool pack_sink_put(struct pack_sink *sink, const void *bytes, size_t len)
{
    if (len > sink->max - sink->len)
        return false;
    if (sink->bytes != NULL)
        memcpy(sink->bytes + sink->len, bytes, len);
    sink->len += len;
    return true;
}

bool pack_make_twice(struct arena *arena, pack_make *make, const void *source, size_t max,
                     const char **ret_bytes, size_t *ret_len, struct err *err)
{
    struct pack_sink counted = {.max = max};

    if (!make(source, &counted, err))
        return false;
    struct pack_sink kept = {.bytes = arena_alloc(arena, counted.len + 1), .max = counted.len};
    if (!make(source, &kept, err))
        return false;
    *ret_bytes = kept.bytes;
    *ret_len = kept.len;
    return true;
}

/* ---- deflate ---- */

struct packed {
    const unsigned char *bytes;
    size_t len;
    int window;
};

static bool too_large(const struct pack_sink *sink, struct err *err)
{
    return err_set(err, ERR_REJECT, "unpacked it is more than %zu bytes", sink->max);
}

/* Feeds the stream; zlib counts in 32 bits. */
static void stream_feed(z_stream *stream, const struct packed *packed, size_t *fed)
{
    size_t left = packed->len - *fed;
    uInt part = left > PACK_CHUNK ? PACK_CHUNK : (uInt)left;

    if (stream->avail_in > 0)
        return;
    stream->next_in = (unsigned char *)(uintptr_t)packed->bytes + *fed;
    stream->avail_in = part;
    *fed += part;
}

/* To the end of the stream, and where it has a frame, of those that follow it. */
static bool stream_run(z_stream *stream, const struct packed *packed, struct pack_sink *sink,
                       struct err *err)
{
    unsigned char chunk[PACK_CHUNK];
    size_t fed = 0;

    for (;;) {
        stream_feed(stream, packed, &fed);
        stream->next_out = chunk;
        stream->avail_out = sizeof(chunk);
        int code = inflate(stream, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END)
            return err_set(err, ERR_REJECT, "packed bytes are %s",
                           code == Z_BUF_ERROR ? "cut" : "broken");
        if (!pack_sink_put(sink, chunk, sizeof(chunk) - stream->avail_out))
            return too_large(sink, err);
        if (code == Z_OK)
            continue;
        if (stream->avail_in == 0 && fed == packed->len)
            return true;
        if (packed->window != WINDOW_GZIP || inflateReset(stream) != Z_OK)
            return err_set(err, ERR_REJECT, "packed bytes go on behind their end");
    }
}

static bool packed_inflate(const void *source, struct pack_sink *sink, struct err *err)
{
    const struct packed *packed = source;
    z_stream stream = {0};

    if (inflateInit2(&stream, packed->window) != Z_OK)
        return err_set(err, ERR_FATAL, "zlib does not start");
    bool ok = stream_run(&stream, packed, sink, err);
    inflateEnd(&stream);
    return ok;
}

bool pack_gunzip(struct arena *arena, const void *bytes, size_t len, size_t max,
                 const char **ret_bytes, size_t *ret_len, struct err *err)
{
    const struct packed packed = {bytes, len, WINDOW_GZIP};

    return pack_make_twice(arena, packed_inflate, &packed, max, ret_bytes, ret_len, err) ||
           err_wrap(err, "gzip");
}

/* ---- zip ---- */

/* APPNOTE.TXT 6.3.10: 4.3.7 local header, 4.3.12 central directory, 4.3.16 its end. */
enum {
    ZIP_LOCAL = 0x04034b50,
    ZIP_LOCAL_LEN = 30,
    ZIP_ENTRY = 0x02014b50,
    ZIP_ENTRY_LEN = 46,
    ZIP_END = 0x06054b50,
    ZIP_END_LEN = 22,
    ZIP_COMMENT_MAX = 65535,
    ZIP_STORED = 0,
    ZIP_DEFLATED = 8,
    ZIP_ENCRYPTED = 1,
};

struct zip {
    const unsigned char *bytes;
    size_t len;
};

struct zip_file {
    unsigned flags;
    unsigned method;
    uint32_t crc;
    uint32_t packed_len;
    uint32_t len;
    uint32_t local; /* where its header stands */
};

static uint32_t zip_u16(const struct zip *zip, size_t at)
{
    return (uint32_t)zip->bytes[at] | (uint32_t)zip->bytes[at + 1] << 8;
}

static uint32_t zip_u32(const struct zip *zip, size_t at)
{
    return zip_u16(zip, at) | zip_u16(zip, at + 2) << 16;
}

static bool zip_broken(struct err *err)
{
    return err_set(err, ERR_REJECT, "the archive is broken or cut");
}

static bool zip_has(const struct zip *zip, size_t at, size_t len)
{
    return at <= zip->len && len <= zip->len - at;
}

/* The end has a comment of any length behind it. */
static bool zip_find_end(const struct zip *zip, size_t *ret_at)
{
    size_t back = ZIP_END_LEN;

    for (; back <= zip->len && back <= ZIP_END_LEN + ZIP_COMMENT_MAX; back++) {
        size_t at = zip->len - back;

        if (zip_u32(zip, at) == ZIP_END && zip_u16(zip, at + 20) == back - ZIP_END_LEN) {
            *ret_at = at;
            return true;
        }
    }
    return false;
}

/* The only entry that is no folder. */
static bool zip_find_file(const struct zip *zip, struct zip_file *ret_file, struct err *err)
{
    size_t end = 0;
    int files = 0;

    if (!zip_find_end(zip, &end))
        return zip_broken(err);
    size_t at = zip_u32(zip, end + 16);
    for (uint32_t left = zip_u16(zip, end + 10); left > 0; left--) {
        if (!zip_has(zip, at, ZIP_ENTRY_LEN) || zip_u32(zip, at) != ZIP_ENTRY)
            return zip_broken(err);
        size_t name_len = zip_u16(zip, at + 28);
        if (!zip_has(zip, at + ZIP_ENTRY_LEN, name_len))
            return zip_broken(err);
        if (name_len == 0 || zip->bytes[at + ZIP_ENTRY_LEN + name_len - 1] != '/') {
            files++;
            *ret_file = (struct zip_file){
                .flags = zip_u16(zip, at + 8),
                .method = zip_u16(zip, at + 10),
                .crc = zip_u32(zip, at + 16),
                .packed_len = zip_u32(zip, at + 20),
                .len = zip_u32(zip, at + 24),
                .local = zip_u32(zip, at + 42),
            };
        }
        at += ZIP_ENTRY_LEN + name_len + zip_u16(zip, at + 30) + zip_u16(zip, at + 32);
    }
    return files == 1 || err_set(err, ERR_REJECT, "the archive has %d files, want one", files);
}

static bool zip_check_file(const struct zip *zip, const struct zip_file *file, struct err *err)
{
    if ((file->flags & ZIP_ENCRYPTED) != 0)
        return err_set(err, ERR_REJECT, "the archive is encrypted");
    if (file->method != ZIP_STORED && file->method != ZIP_DEFLATED)
        return err_set(err, ERR_REJECT, "the archive is packed by method %u, want deflate",
                       file->method);
    if (file->len == UINT32_MAX || file->packed_len == UINT32_MAX || file->local == UINT32_MAX)
        return err_set(err, ERR_REJECT, "the archive is of the zip64 kind, for 4 GB and more");
    if (!zip_has(zip, file->local, ZIP_LOCAL_LEN) || zip_u32(zip, file->local) != ZIP_LOCAL)
        return zip_broken(err);
    return true;
}

static uint32_t crc_of(const char *bytes, size_t len)
{
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), (const unsigned char *)bytes, len);
}

static bool zip_take(struct arena *arena, const struct zip *zip, const struct zip_file *file,
                     size_t max, const char **ret_bytes, size_t *ret_len, struct err *err)
{
    size_t at = file->local + ZIP_LOCAL_LEN + zip_u16(zip, file->local + 26) +
                zip_u16(zip, file->local + 28);
    const struct packed packed = {zip->bytes + at, file->packed_len, WINDOW_RAW};

    if (!zip_has(zip, at, file->packed_len))
        return zip_broken(err);
    if (file->method == ZIP_DEFLATED)
        return pack_make_twice(arena, packed_inflate, &packed, max, ret_bytes, ret_len, err);
    if (file->packed_len > max)
        return err_set(err, ERR_REJECT, "unpacked it is more than %zu bytes", max);
    *ret_bytes = arena_strndup(arena, (const char *)packed.bytes, packed.len);
    *ret_len = packed.len;
    return true;
}

bool pack_unzip(struct arena *arena, const void *bytes, size_t len, size_t max,
                const char **ret_bytes, size_t *ret_len, struct err *err)
{
    const struct zip zip = {bytes, len};
    struct zip_file file = {0};

    if (!zip_find_file(&zip, &file, err) || !zip_check_file(&zip, &file, err) ||
        !zip_take(arena, &zip, &file, max, ret_bytes, ret_len, err))
        return err_wrap(err, "zip");
    if (*ret_len != file.len || crc_of(*ret_bytes, *ret_len) != file.crc)
        return err_set(err, ERR_REJECT, "zip: size or checksum differ");
    return true;
}

/* ---- by their first bytes ---- */

bool pack_open(struct arena *arena, const void *bytes, size_t len, size_t max,
               const char **ret_bytes, size_t *ret_len, struct err *err)
{
    if (len >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0)
        return pack_gunzip(arena, bytes, len, max, ret_bytes, ret_len, err);
    if (len >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0)
        return pack_unzip(arena, bytes, len, max, ret_bytes, ret_len, err);
    *ret_bytes = bytes;
    *ret_len = len;
    return true;
}
