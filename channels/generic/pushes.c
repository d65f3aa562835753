#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "channels/generic/internal.h"

/* ---- names of a push ---- */

/* A listing without an address of its own is named as it is. */
static const char *address_of(const struct target *target)
{
    return target->address[0] == '\0' ? target->listing : target->address;
}

/* The parts of "12@34"; one without '@' has no second. */
static void add_address(struct generic_names *names, const char *address, struct arena *arena)
{
    const char *at = strchr(address, '@');

    generic_names_add(names, "address", address);
    generic_names_add(names, "address_1",
                      at == NULL ? address : arena_strndup(arena, address, (size_t)(at - address)));
    generic_names_add(names, "address_2", at == NULL ? "" : at + 1);
}

static struct generic_names names_of(const struct channel_account *account,
                                     const struct target *target, const char *key,
                                     struct arena *arena)
{
    struct generic_names names = {.len = 0};

    add_address(&names, address_of(target), arena);
    generic_names_add(&names, "listing", target->listing);
    generic_names_add(&names, "quantity", arena_printf(arena, "%" PRId64, target->quantity));
    generic_names_add(&names, "version", arena_printf(arena, "%" PRId64, target->version));
    generic_names_add(&names, "key", key);
    generic_names_add_account(&names, account);
    return names;
}

/* ---- requests ---- */

/* One request has one path and one set of headers: pushes for which these differ go apart. */
const char *channel_generic_group(const struct channel_account *account,
                                  const struct target *target, struct arena *arena)
{
    const struct generic_push *spec = &generic_spec_of(account)->push;
    const struct generic_names names = names_of(account, target, "", arena);
    SCOPED(buf) struct buf group = {0};

    if (address_of(target)[0] == '\0')
        return NULL;
    buf_text(&group, generic_put(spec->path, &names, GENERIC_IN_PATH, arena));
    for (size_t i = 0; i < spec->headers.len; i++)
        buf_printf(&group, "\n%s",
                   generic_put(spec->headers.list[i].value, &names, GENERIC_IN_HEADER, arena));
    return arena_strdup(arena, buf_str(&group));
}

static const char *items_of(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count, const char *key,
                            struct arena *arena)
{
    const struct generic_push *spec = &generic_spec_of(account)->push;
    SCOPED(buf) struct buf items = {0};

    for (size_t i = 0; i < count; i++) {
        const struct generic_names names = names_of(account, pushes[i].target, key, arena);

        if (i > 0)
            buf_text(&items, spec->separator);
        generic_template_put(spec->item, names.list, generic_place_of(spec->type), &items);
    }
    return arena_strdup(arena, buf_str(&items));
}

bool channel_generic_push(const struct channel_account *account, const struct channel_push *pushes,
                          size_t count, const char *key, struct arena *arena,
                          struct channel_request *ret_request, struct err *err)
{
    const struct generic_push *spec = &generic_spec_of(account)->push;
    struct generic_names names = names_of(account, pushes[0].target, key, arena);

    for (size_t i = 0; i < count; i++) {
        if (address_of(pushes[i].target)[0] == '\0')
            return err_set(err, ERR_REJECT, "a target without listing and address");
    }
    names.list[names.len++] = (struct generic_name){
        "items", items_of(account, pushes, count, key, arena), .is_raw = true};
    const char *body = generic_put(spec->body, &names, generic_place_of(spec->type), arena);
    *ret_request = (struct channel_request){
        .method = spec->method,
        .url = arena_printf(arena, "%s%s", account->base_url,
                            generic_put(spec->path, &names, GENERIC_IN_PATH, arena)),
        .body = body,
        .body_len = strlen(body),
        .user = spec->basic ? account->token : NULL,
        .password = spec->basic ? account->token_secret : NULL,
        .cost = 1,
    };
    ret_request->headers = generic_headers(&spec->headers, generic_content_type(spec->type), &names,
                                           arena, &ret_request->headers_len);
    return true;
}

/* ---- answers ---- */

static enum channel_verdict verdict_of(const char *name)
{
    int verdict = 0;

    while (strcmp(channel_verdict_name((enum channel_verdict)verdict), name) != 0)
        verdict++;
    return (enum channel_verdict)verdict;
}

static struct channel_result result_of_error(const struct generic_answer *spec,
                                             const struct generic_scene *scene, const char *error)
{
    const char *verdict = generic_pairs_find(&spec->errors, error);
    const char *text =
        *spec->error_text == '\0' ? NULL : generic_source_text(scene, spec->error_text);

    return (struct channel_result){
        .verdict = verdict == NULL ? CHANNEL_REJECTED : verdict_of(verdict),
        .error_class = error,
        .error_text = text == NULL ? "" : text,
    };
}

/* Present, not null and not empty; a list or object is an error without a name. */
static const char *error_of(const struct generic_answer *spec, const struct generic_scene *scene)
{
    const struct json *node = *spec->error == '\0' ? NULL : generic_source_node(scene, spec->error);
    const char *text = *spec->error == '\0' ? NULL : generic_source_text(scene, spec->error);

    if (text != NULL)
        return *text == '\0' || strcmp(text, "false") == 0 ? NULL : text;
    return json_len(node) > 0 ? "error" : NULL;
}

static struct channel_result result_of(const struct generic_answer *spec,
                                       const struct generic_scene *scene,
                                       const struct channel_push *push)
{
    struct channel_result result = {.error_class = "", .error_text = ""};
    const char *error = error_of(spec, scene);

    if (error != NULL)
        return result_of_error(spec, scene, error);
    result.has_shown =
        *spec->shown != '\0' && json_int(generic_source_node(scene, spec->shown),
                                         -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX, &result.shown);
    bool shows = result.has_shown && result.shown == push->target->quantity;
    bool is_confirmed = shows || (!result.has_shown && spec->confirms == GENERIC_CONFIRMS_STATUS);
    result.verdict = is_confirmed ? CHANNEL_CONFIRMED : CHANNEL_ACCEPTED;
    if (!is_confirmed)
        result.error_class = result.has_shown ? "shows_other_quantity" : "not_shown";
    return result;
}

/* The element of the results that is of this push: by its key, else by its place. */
static const struct json *element_of(const struct generic_answer *spec,
                                     const struct generic_scene *whole, const struct json *list,
                                     const struct channel_push *push, size_t index)
{
    struct generic_scene scene = *whole;

    if (*spec->key == '\0')
        return index < json_len(list) ? json_at(list, index) : NULL;
    for (size_t i = 0; i < json_len(list); i++) {
        const char *key = NULL;

        generic_scene_set(&scene, json_at(list, i));
        key = generic_source_text(&scene, spec->key);
        if (key != NULL && strcmp(key, address_of(push->target)) == 0)
            return json_at(list, i);
    }
    return NULL;
}

static void results_read(const struct generic_answer *spec, const struct generic_scene *whole,
                         const struct channel_push *pushes, size_t count,
                         struct channel_result *results)
{
    struct generic_scene scene = *whole;
    const struct json *list =
        *spec->results == '\0' ? NULL : generic_source_node(whole, spec->results);

    for (size_t i = 0; i < count; i++) {
        if (*spec->results != '\0')
            generic_scene_set(&scene, element_of(spec, whole, list, &pushes[i], i));
        if (*spec->results != '\0' && scene.elements[0] == NULL)
            results[i] = (struct channel_result){
                .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};
        else
            results[i] = result_of(spec, &scene, &pushes[i]);
    }
}

/* The status as the spec reads it, else as everybody does. */
static struct channel_result result_of_call(const struct generic_answer *spec,
                                            const struct channel_response *response,
                                            struct arena *arena)
{
    struct channel_result result = channel_result_of_status(response->status, arena);
    const char *verdict =
        generic_pairs_find(&spec->statuses, arena_printf(arena, "%d", response->status));

    if (verdict != NULL)
        result.verdict = verdict_of(verdict);
    return result;
}

/* An empty answer, or one that is no JSON, can only confirm by its status. */
static const struct json *body_of(const struct channel_response *response, struct arena *arena)
{
    struct err ignored = {0};

    return response->body_len == 0
               ? NULL
               : json_parse(arena, response->body, response->body_len, &ignored);
}

void channel_generic_answer(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count,
                            const struct channel_response *response, struct arena *arena,
                            struct channel_result *results, struct channel_budget *ret_budget)
{
    const struct generic_answer *spec = &generic_spec_of(account)->push.answer;
    struct channel_result whole = result_of_call(spec, response, arena);
    const struct json *root = body_of(response, arena);
    bool needs_body = *spec->results != '\0' || *spec->shown != '\0' || *spec->error != '\0';

    *ret_budget = (struct channel_budget){-1, -1, channel_retry_after_ms(response)};
    if (whole.verdict == CHANNEL_REJECTED && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    if (whole.verdict == CHANNEL_ACCEPTED && root == NULL && needs_body)
        whole = (struct channel_result){
            .verdict = CHANNEL_RETRY, .error_class = "bad_json", .error_text = ""};
    if (whole.verdict == CHANNEL_ACCEPTED) {
        const struct generic_scene scene =
            generic_scene_of(response->headers, response->headers_len, root, arena);

        results_read(spec, &scene, pushes, count, results);
        return;
    }
    for (size_t i = 0; i < count; i++)
        results[i] = whole;
}
