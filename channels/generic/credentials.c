#include <stdlib.h>
#include <string.h>

#include "channels/generic/internal.h"

enum { LIFE_MAX_S = 31536000 };

void channel_generic_login(const struct channel_account *account, const char *refresh_token,
                           int64_t now_ms, struct arena *arena, struct channel_request *ret_request)
{
    const struct generic_login *login = &generic_spec_of(account)->login;
    struct generic_names names = {.len = 0};

    (void)refresh_token;
    (void)now_ms;
    *ret_request = (struct channel_request){.url = ""};
    if (*login->path == '\0')
        return;
    generic_names_add_account(&names, account);
    const char *path = generic_put(login->path, &names, GENERIC_IN_PATH, arena);
    const char *body = generic_put(login->body, &names, generic_place_of(login->type), arena);
    *ret_request = (struct channel_request){
        .method = "POST",
        .url = *path == '/' ? arena_printf(arena, "%s%s", account->base_url, path) : path,
        .body = body,
        .body_len = strlen(body),
        .user = login->basic ? account->token : NULL,
        .password = login->basic ? account->token_secret : NULL,
        .cost = 1,
    };
    ret_request->headers = generic_headers(&login->headers, generic_content_type(login->type),
                                           &names, arena, &ret_request->headers_len);
}

/* Whole seconds or with a fraction, as number or text; 0: it does not say. */
static int64_t life_ms(const struct generic_login *login, const struct generic_scene *scene)
{
    const char *text = *login->life_s == '\0' ? NULL : generic_source_text(scene, login->life_s);
    char *end = NULL;
    double seconds = text == NULL ? 0 : strtod(text, &end);

    if (text == NULL || end == text || *end != '\0' || !(seconds > 0))
        seconds = (double)login->preset_s;
    return (int64_t)(seconds < LIFE_MAX_S ? seconds * 1000 : LIFE_MAX_S * 1000.0);
}

bool channel_generic_granted(const struct channel_account *account,
                             const struct channel_response *response, int64_t now_ms,
                             struct arena *arena, struct channel_grant *ret_grant, struct err *err)
{
    const struct generic_login *login = &generic_spec_of(account)->login;
    struct err ignored = {0};
    const struct json *root = json_parse(arena, response->body, response->body_len, &ignored);
    const struct generic_scene scene =
        generic_scene_of(response->headers, response->headers_len, root, arena);
    const char *token = generic_source_text(&scene, login->token);

    (void)now_ms;
    if (response->status >= 400)
        return err_set(err, ERR_REJECT, "http_%d", response->status);
    if (token == NULL || *token == '\0')
        return err_set(err, ERR_RETRY, "the answer, http_%d, has no %s", response->status,
                       login->token);
    *ret_grant = (struct channel_grant){.token = arena_strdup(arena, token),
                                        .life_ms = life_ms(login, &scene)};
    return true;
}
