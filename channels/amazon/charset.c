#include <string.h>

#include "lib/base/utf8.h"

#include "channels/amazon/internal.h"

bool channel_amazon_decode(const struct channel_account *account, const void *bytes, size_t len,
                           struct arena *arena, const char **ret_text, size_t *ret_len,
                           struct err *err)
{
    (void)account;
    if (!utf8_is_valid(bytes, len))
        return err_set(err, ERR_REJECT, "the report is no UTF-8");
    *ret_text = arena_strndup(arena, bytes, len);
    *ret_len = len;
    return true;
}
