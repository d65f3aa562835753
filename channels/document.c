#include "channels/document.h"

#include <string.h>
#include <strings.h>

bool channel_document_refuse(const struct channel_document *document, const char *what,
                             const char *key)
{
    return err_set(document->err, ERR_REJECT, "%s: '%s' is missing or wrong", what, key);
}

const struct json *channel_document_carried(struct arena *arena, const struct json *node)
{
    const char *text = json_kind(node) == JSON_STRING ? json_text(node) : "";
    struct err err = {0};
    const struct json *carried =
        text[0] == '{' ? json_parse(arena, text, strlen(text), &err) : NULL;

    return carried == NULL ? node : carried;
}

static channel_document_read *document_of_topic(const struct channel_document_readers *readers,
                                                const char *topic)
{
    for (const struct channel_document_reader *at = readers->topics; at->name != NULL; at++) {
        if (strcasecmp(at->name, topic) == 0)
            return at->read;
    }
    return NULL;
}

static channel_document_read *document_of_shape(const struct channel_document_readers *readers,
                                                const struct json *json)
{
    for (const struct channel_document_reader *at = readers->shapes; at->name != NULL; at++) {
        if (json_get(json, at->name) != NULL)
            return at->read;
    }
    return NULL;
}

/* APIs put their object or list into one outer member, perhaps beside a text; notifications
   don't. */
static const struct json *document_unwrap(const struct channel_document_readers *readers,
                                          const struct json *json)
{
    const struct json *inner = json;

    if (json_kind(json) != JSON_OBJECT || document_of_shape(readers, json) != NULL)
        return json;
    for (size_t i = 0; i < json_len(json); i++) {
        enum json_kind kind = json_kind(json_at(json, i));

        if (kind != JSON_OBJECT && kind != JSON_ARRAY)
            continue;
        if (inner != json)
            return json;
        inner = json_at(json, i);
    }
    return inner;
}

static bool document_list(const struct channel_document *document,
                          const struct channel_document_readers *readers, const struct json *list)
{
    for (size_t i = 0; i < json_len(list); i++) {
        channel_document_read *read = document_of_shape(readers, json_at(list, i));
        struct channel_document element = *document;
        struct err why = {0};

        element.err = &why;
        if (read != NULL && !read(&element, json_at(list, i)))
            channel_bad_line(document->bad, document->arena, "element %zu: %s", i, why.text);
    }
    return true;
}

bool channel_document_normalize(const struct channel_document *document, const char *topic,
                                const struct channel_document_readers *readers)
{
    const struct channel_notification *notification = document->notification;
    channel_document_read *read = topic == NULL ? NULL : document_of_topic(readers, topic);

    if (topic != NULL && read == NULL)
        return true;
    const struct json *json =
        json_parse(document->arena, notification->body, notification->body_len, document->err);
    if (json == NULL)
        return false;
    json = document_unwrap(readers, json);
    if (topic == NULL && json_kind(json) == JSON_ARRAY)
        return document_list(document, readers, json);
    if (topic == NULL)
        read = document_of_shape(readers, json);
    if (read == NULL || json_kind(json) != JSON_OBJECT)
        return err_set(document->err, ERR_REJECT,
                       topic == NULL ? "no topic, and the body's shape tells none"
                                     : "the body is no object");
    return read(document, json);
}
