#include <string.h>

#include "channels/generic/internal.h"

bool generic_is_among(const struct generic_texts *texts, const char *text)
{
    for (size_t i = 0; text != NULL && i < texts->len; i++) {
        if (strcmp(texts->list[i], text) == 0)
            return true;
    }
    return false;
}

/* Texts may name what the channel itself says. */
static bool is_among_own(const struct channel_account *account, const struct generic_texts *texts,
                         const char *text, struct arena *arena)
{
    const struct generic_names names = {
        .list = {{.name = "account", .value = account->account},
                 {.name = "location", .value = account->location}},
        .len = 2
    };

    for (size_t i = 0; text != NULL && i < texts->len; i++) {
        if (strcmp(generic_put(texts->list[i], &names, GENERIC_IN_HEADER, arena), text) == 0)
            return true;
    }
    return false;
}

bool generic_is_wanted(const struct channel_account *account, const struct generic_filter *wanted,
                       const struct generic_scene *scene)
{
    const char *text = *wanted->where == '\0' ? NULL : generic_source_text(scene, wanted->where);

    return (wanted->is.len == 0 || is_among_own(account, &wanted->is, text, scene->arena)) &&
           !is_among_own(account, &wanted->is_not, text, scene->arena);
}

const struct generic_read *generic_read_of(const struct channel_account *account, const char *hint)
{
    const struct generic_reads *reads = &generic_spec_of(account)->reads;
    size_t len = strcspn(hint, ":");

    for (size_t i = 0; i < reads->len; i++) {
        if (strlen(reads->list[i].name) == len && strncmp(reads->list[i].name, hint, len) == 0)
            return &reads->list[i];
    }
    return NULL;
}

static const char *text_or_null(const char *text)
{
    return *text == '\0' ? NULL : text;
}

/* What was read, as facts see it. */
static bool answer_document(const struct generic_read *read, struct generic_document *document,
                            struct err *err)
{
    const struct json *root = document->scene.root;

    if (*read->from != '\0')
        root = generic_source_node(&document->scene, read->from);
    if (json_is_null(root))
        return err_set(err, ERR_REJECT, "the answer has no %.100s", read->from);
    document->scene.root = root;
    document->scene.under = read->under;
    document->topic = text_or_null(read->topic);
    generic_scene_set(&document->scene, root);
    return true;
}

/* A page of orders: each of its rows is a document. */
static bool page_documents(const struct generic_poll *poll, struct generic_document *page,
                           generic_document_visit *visit, void *opaque, struct err *err)
{
    const struct json *rows =
        *poll->rows == '\0' ? page->scene.root : generic_source_node(&page->scene, poll->rows);
    struct generic_document document = {.scene = page->scene, .topic = text_or_null(poll->topic)};

    if (json_kind(rows) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "%s is no list",
                       *poll->rows == '\0' ? "the page" : poll->rows);
    document.scene.under = poll->under;
    for (size_t i = 0; i < json_len(rows); i++) {
        document.scene.root = json_at(rows, i);
        generic_scene_set(&document.scene, document.scene.root);
        visit(opaque, &document);
    }
    return true;
}

bool generic_documents(const struct channel_account *account,
                       const struct channel_notification *notification, struct arena *arena,
                       generic_document_visit *visit, void *opaque, struct err *err)
{
    const struct generic_spec *spec = generic_spec_of(account);
    const struct generic_read *read =
        notification->hint == NULL ? NULL : generic_read_of(account, notification->hint);
    const struct json *json = json_parse(arena, notification->body, notification->body_len, err);
    struct generic_document document = {
        .scene = generic_scene_of(notification->headers, notification->headers_len, json, arena)};

    if (json == NULL)
        return false;
    if (json_kind(json) != JSON_OBJECT && json_kind(json) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "the body is no object and no list");
    if (notification->hint != NULL && read == NULL)
        return err_set(err, ERR_REJECT, "the spec reads nothing like '%.100s'", notification->hint);
    if (notification->hint == NULL && notification->captured_via == EVENT_VIA_POLL)
        return page_documents(&spec->poll, &document, visit, opaque, err);
    if (read != NULL && !answer_document(read, &document, err))
        return false;
    if (read == NULL && *spec->notifications.topic != '\0')
        document.topic = generic_source_text(&document.scene, spec->notifications.topic);
    visit(opaque, &document);
    return true;
}
