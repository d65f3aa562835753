#include "lib/json/json.h"

#include "channels/generic/keys.h"

static void schema_map(const struct generic_key *keys, struct json_out *out);

static void schema_names(const char *const *names, struct json_out *out)
{
    json_key(out, "enum");
    json_array(out);
    for (; *names != NULL; names++)
        json_put_text(out, *names);
    json_array_end(out);
}

static void schema_type(const char *type, struct json_out *out)
{
    json_put_member(out, "type", type);
}

static void schema_texts(struct json_out *out)
{
    json_key(out, "type");
    json_array(out);
    json_put_text(out, "string");
    json_put_text(out, "array");
    json_array_end(out);
    json_key(out, "items");
    json_object(out);
    schema_type("string", out);
    json_object_end(out);
}

static void schema_pairs(bool is_verdict, struct json_out *out)
{
    schema_type("object", out);
    json_key(out, "additionalProperties");
    json_object(out);
    schema_type("string", out);
    if (is_verdict) {
        json_key(out, "enum");
        json_array(out);
        for (int i = 0; i < CHANNEL_VERDICT_COUNT; i++)
            json_put_text(out, channel_verdict_name((enum channel_verdict)i));
        json_array_end(out);
    }
    json_object_end(out);
}

static void schema_maps(const struct generic_key *key, struct json_out *out)
{
    schema_type("array", out);
    json_put_member_int(out, "minItems", 1);
    json_put_member_int(out, "maxItems", (int64_t)key->max);
    json_key(out, "items");
    json_object(out);
    schema_map(key->of, out);
    json_object_end(out);
}

static void schema_text(const char *pattern, struct json_out *out)
{
    schema_type("string", out);
    if (pattern != NULL)
        json_put_member(out, "pattern", pattern);
}

static void schema_value(const struct generic_key *key, struct json_out *out)
{
    json_put_member(out, "description", key->means);
    switch (key->kind) {
    case GENERIC_KEY_TEXT:
    case GENERIC_KEY_TEMPLATE:
        schema_text(NULL, out);
        break;
    case GENERIC_KEY_BYTE:
        schema_text("^[^\"\\r\\n]$", out);
        break;
    case GENERIC_KEY_SOURCE:
        schema_text("^(/|\\.\\.?(/|$)|header:.|=)", out);
        break;
    case GENERIC_KEY_POINTER:
        schema_text("^(/|\\.\\.?(/|$))", out);
        break;
    case GENERIC_KEY_CHOICE:
        schema_names(key->names, out);
        break;
    case GENERIC_KEY_BOOL:
        schema_type("boolean", out);
        break;
    case GENERIC_KEY_WHOLE:
    case GENERIC_KEY_REAL:
        schema_type(key->kind == GENERIC_KEY_WHOLE ? "integer" : "number", out);
        json_key(out, "minimum");
        json_put_double(out, key->min);
        json_put_member_int(out, "maximum", (int64_t)key->max);
        break;
    case GENERIC_KEY_TEXTS:
        schema_texts(out);
        break;
    case GENERIC_KEY_PAIRS:
    case GENERIC_KEY_VERDICTS:
        schema_pairs(key->kind == GENERIC_KEY_VERDICTS, out);
        break;
    case GENERIC_KEY_MAP:
        schema_map(key->of, out);
        break;
    case GENERIC_KEY_MAPS:
        schema_maps(key, out);
        break;
    }
}

static void schema_map(const struct generic_key *keys, struct json_out *out)
{
    schema_type("object", out);
    json_key(out, "additionalProperties");
    json_put_bool(out, false);
    json_key(out, "properties");
    json_object(out);
    for (const struct generic_key *key = keys; key->name != NULL; key++) {
        json_key(out, key->name);
        json_object(out);
        schema_value(key, out);
        json_object_end(out);
    }
    json_object_end(out);
    json_key(out, "required");
    json_array(out);
    for (const struct generic_key *key = keys; key->name != NULL; key++) {
        if (key->needed)
            json_put_text(out, key->name);
    }
    json_array_end(out);
}

void generic_keys_schema(const struct generic_key *keys, const char *title, struct buf *out)
{
    struct json_out json;

    json_begin(&json, out);
    json_object(&json);
    json_put_member(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_put_member(&json, "title", title);
    schema_map(keys, &json);
    json_object_end(&json);
}
