/*
 * The two small languages of a spec, pure. A source says where a value comes from: "/a/b" from the
 * document's root (a JSON Pointer, RFC 6901), "./a/b" from the element in hand, "header:Name" of
 * the notification, "=text" itself. A template is text with names in braces, "/stock/{address}",
 * encoded for where it stands.
 */
#pragma once

#include "channels/channel.h"
#include "lib/base/buf.h"
#include "lib/json/json.h"

/* What sources look into. */
struct generic_scene {
    const struct channel_notification *notification; /* NULL: no headers */
    const struct json *root;
    const struct json *element; /* what "./" and "." begin at */
};

/* False: the text is no source; *ret_why says what is wrong with it. */
bool generic_source_check(const char *source, const char **ret_why);
/* The node that a source of the body points to; NULL: absent, or no such source. */
const struct json *generic_source_node(const struct generic_scene *scene, const char *source);
/* The text or digits that a source gives, true and false as words; NULL: absent, null, or a list or
   object. Borrowed. */
const char *generic_source_text(const struct generic_scene *scene, const char *source);

enum generic_place {
    GENERIC_IN_HEADER, /* as it is */
    GENERIC_IN_PATH,   /* percent-encoded but for unreserved characters */
    GENERIC_IN_JSON,   /* escaped as within a JSON string; numbers need no quotes */
};

struct generic_name {
    const char *name;
    const char *value;
    bool is_raw; /* put in as it is, wherever */
};

/* False: a brace is not closed or a name is not among `names`; *ret_why says it. */
bool generic_template_check(const char *text, const char *const *names, const char **ret_why);
/* names closed by a NULL name. A name that is not there gives nothing. */
void generic_template_put(const char *text, const struct generic_name *names,
                          enum generic_place place, struct buf *out);
