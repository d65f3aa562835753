#include <string.h>

#include "lib/base/utf8.h"
#include "lib/pack/pack.h"

#include "channels/amazon/internal.h"

/* Of Japan's reports [1.4]. */
static const char japan[] = "A1VC38T7YXB528";

static const char *charset_of(const struct channel_account *account, const char *bytes, size_t len,
                              struct arena *arena)
{
    const char *own = channel_account_setting(account, "report_charset");
    size_t ids_len = 0;
    const char *const *ids = channel_amazon_list(account, "marketplace_ids", arena, &ids_len);

    /* A ledger of Europe was UTF-8: what reads as that is that, by chance hardly ever. */
    if (utf8_is_valid(bytes, len))
        return "UTF-8";
    if (own[0] != '\0')
        return own;
    for (size_t i = 0; i < ids_len; i++) {
        if (strcmp(ids[i], japan) == 0)
            return "Shift_JIS";
    }
    return "Cp1252";
}

bool channel_amazon_unpack(const void *bytes, size_t len, struct arena *arena,
                           const char **ret_bytes, size_t *ret_len, struct err *err)
{
    return pack_open(arena, bytes, len, PACK_BYTES_MAX, ret_bytes, ret_len, err);
}

bool channel_amazon_decode(const struct channel_account *account, const void *bytes, size_t len,
                           struct arena *arena, const char **ret_text, size_t *ret_len,
                           struct err *err)
{
    const char *plain = NULL;

    /* By its first bytes: what an HTTP client unpacked still has the label GZIP [1.4]. */
    if (!channel_amazon_unpack(bytes, len, arena, &plain, &len, err))
        return false;
    return pack_to_utf8(arena, charset_of(account, plain, len, arena), plain, len, PACK_BYTES_MAX,
                        ret_text, ret_len, err);
}
