/*
 * The two small languages of a spec, pure. A source says where a value comes from: "/a/b" from the
 * document's root (a JSON Pointer, RFC 6901), "./a/b" from the element in hand, "../a" from the
 * one that its list stands in, "header:Name" of the notification or answer, "=text" itself, in
 * which "{./a}" is what that source gives. A template is text with names in braces,
 * "/stock/{address}", encoded for where it stands.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/json/json.h"

#include "channels/channel.h"

enum { GENERIC_DEPTH_MAX = 4 };

/* What sources look into. */
struct generic_scene {
    struct arena *arena; /* for texts that are put together */
    const struct channel_header *headers;
    size_t headers_len;
    const struct json *root;
    const char *under; /* the root stands for what this pointer points to; "": the document */
    const struct json *elements[GENERIC_DEPTH_MAX]; /* the innermost last: "./" begins there */
    size_t depth;
};

/* The root is the element in hand, too. */
struct generic_scene generic_scene_of(const struct channel_header *headers, size_t headers_len,
                                      const struct json *root, struct arena *arena);
/* With the element alone in hand. */
void generic_scene_set(struct generic_scene *scene, const struct json *element);

/* False: the text is no source; *ret_why says what is wrong with it. */
bool generic_source_check(const char *source, const char **ret_why);
/* The same for sources that give a list or a number: pointers alone do. */
bool generic_pointer_check(const char *source, const char **ret_why);
/* How many elements up it begins: 0 for "./", 1 for "../"; the most of those within a text. */
size_t generic_source_up(const char *source);
/* The node that a source of the body points to; NULL: absent, or no such source. */
const struct json *generic_source_node(const struct generic_scene *scene, const char *source);
/* The text or digits that a source gives, true and false as words; NULL: absent, null, or a list or
   object. Borrowed, or in the scene's arena. */
const char *generic_source_text(const struct generic_scene *scene, const char *source);

/*
 * Visits each element of the list that `each` points to, with the element in hand; "": the document
 * itself. A step that is a star stands for every element of a list on the way: of all parcels the
 * items, with the parcel one up. What is no list is told. at says where.
 */
typedef void generic_each_visit(void *opaque, const struct generic_scene *scene, const char *at);
struct generic_each {
    struct arena *arena;
    generic_each_visit *visit;
    generic_each_visit *no_list; /* scene is where it was looked for */
    void *opaque;
};
void generic_each_run(const struct generic_each *run, const struct generic_scene *scene,
                      const char *each);
/* How many elements are in hand then; GENERIC_DEPTH_MAX at most are possible. */
size_t generic_each_depth(const char *each);

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
