#include "lib/event/taking.h"

#include "lib/event/codec.h"

bool event_take(struct arena *arena, const void *body, size_t len, struct event *ret_event,
                unsigned char ret_hash[EVENT_HASH_LEN], struct err *err)
{
    if (body == NULL)
        return err_set(err, ERR_REJECT, "an event without a body");
    if (!event_decode(arena, body, len, ret_event, err) || !event_check_form(ret_event, err))
        return false;
    event_content_hash(ret_event, ret_hash);
    return true;
}
