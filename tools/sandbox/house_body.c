#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/house.h"

static void put_time(struct json_out *json, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT_LEN];

    json_put_member(json, key, clock_format(ms, text));
}

static const char *state_of(const struct sandbox_order *order)
{
    if (order->cancelled_ms != 0)
        return "cancelled";
    return order->fulfilled_ms != 0 ? "shipped" : "open";
}

static void put_items(const struct sandbox_order *order, struct json_out *json)
{
    json_key(json, "items");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++) {
        const struct sandbox_line *line = &order->lines[i];

        json_object(json);
        json_put_member(json, "id", line->id);
        json_put_member(json, "variant", line->listing->id);
        json_put_member(json, "sku", line->listing->sku);
        json_put_member_int(json, "quantity", line->quantity);
        json_put_member_int(json, "cancelled", line->cancelled);
        json_object_end(json);
    }
    json_array_end(json);
}

/* What was shipped goes out in one parcel. */
static void put_parcels(const struct sandbox_order *order, struct json_out *json)
{
    json_key(json, "parcels");
    json_array(json);
    if (order->fulfilled_ms != 0) {
        json_object(json);
        json_put_member(json, "number", order->fulfillment_id);
        put_time(json, "sent_at", order->fulfilled_ms);
        json_key(json, "items");
        json_array(json);
        for (size_t i = 0; i < order->lines_len; i++) {
            if (order->lines[i].fulfilled == 0)
                continue;
            json_object(json);
            json_put_member(json, "item", order->lines[i].id);
            json_put_member_int(json, "quantity", order->lines[i].fulfilled);
            json_object_end(json);
        }
        json_array_end(json);
        json_object_end(json);
    }
    json_array_end(json);
}

static void put_return(const struct sandbox_refund *refund, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "number", refund->id);
    put_time(json, "came_at", refund->created_ms);
    json_key(json, "items");
    json_array(json);
    for (size_t i = 0; i < refund->lines_len; i++) {
        if (strcmp(refund->lines[i].restock_type, "return") != 0)
            continue; /* money */
        json_object(json);
        json_put_member(json, "item", refund->lines[i].line->id);
        json_put_member_int(json, "quantity", refund->lines[i].quantity);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

void sandbox_house_order(const struct sandbox_order *order, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "code", order->id);
    json_put_member(json, "state", state_of(order));
    put_time(json, "placed_at", order->created_ms);
    put_time(json, "changed_at", order->updated_ms);
    json_put_member(json, "customer", "John Doe, john.doe@example.com");
    put_items(order, json);
    put_parcels(order, json);
    json_key(json, "returns");
    json_array(json);
    for (size_t i = 0; i < order->refunds_len; i++)
        put_return(order->refunds[i], json);
    json_array_end(json);
    json_object_end(json);
}

void sandbox_house_stock(const struct sandbox_listing *listing, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "variant", listing->id);
    json_put_member(json, "sku", listing->sku);
    json_put_member_int(json, "quantity", listing->quantity);
    put_time(json, "changed_at", listing->updated_ms);
    json_object_end(json);
}

void sandbox_house_lines(const struct sandbox_market *market, struct buf *out)
{
    for (size_t i = 0; i < market->listings_len; i++) {
        struct json_out json;

        json_begin(&json, out);
        sandbox_house_stock(&market->listings[i], &json);
        buf_char(out, '\n');
    }
}

/* ---- the spreadsheet ---- */

/* UTF-8 as Cp1252, where both agree on the characters: Latin-1. Others become a question mark. */
static void put_latin(struct buf *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool is_two = (at[0] == 0xC2 || at[0] == 0xC3) && at[1] != '\0';

        if (is_two)
            buf_char(out, (char)((at[0] & 3) << 6 | (at[1] & 0x3F)));
        else if (at[0] < 0x80)
            buf_char(out, (char)at[0]);
        else if (at[0] >= 0xC0)
            buf_char(out, '?');
        at += is_two;
    }
}

static void put_quoted(struct buf *out, const char *text)
{
    SCOPED(buf) struct buf quoted = {0};

    buf_char(&quoted, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_char(&quoted, '"');
        buf_char(&quoted, *text);
    }
    buf_text(&quoted, "\";");
    put_latin(out, buf_str(&quoted));
}

void sandbox_house_csv(const struct sandbox_market *market, struct buf *out)
{
    char time[CLOCK_TEXT_LEN];

    put_latin(out, "Artikel;SKU;Titel;Bestand;Geändert\r\n");
    for (size_t i = 0; i < market->listings_len; i++) {
        const struct sandbox_listing *listing = &market->listings[i];

        put_quoted(out, listing->id);
        put_quoted(out, listing->sku);
        put_quoted(out, listing->product->title);
        buf_printf(out, "%" PRId64 ";%s\r\n", listing->quantity,
                   clock_format(listing->updated_ms, time));
    }
}
