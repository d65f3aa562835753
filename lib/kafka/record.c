#include "lib/kafka/internal.h"

static void view_headers(struct kafka_view *view)
{
    rd_kafka_headers_t *headers = NULL;
    struct kafka_record *record = &view->record;
    const char *name = NULL;
    const void *value = NULL;
    size_t size = 0;

    if (rd_kafka_message_headers(view->message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    while (rd_kafka_header_get_all(headers, record->headers_len, &name, &value, &size) ==
           RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (record->headers_len == view->headers_capacity) {
            view->headers_capacity = view->headers_capacity == 0 ? 8 : 2 * view->headers_capacity;
            view->headers = mem_realloc(view->headers, view->headers_capacity,
                                        sizeof(*view->headers));
        }
        /* librdkafka puts a NUL behind every header value. */
        view->headers[record->headers_len++] =
            (struct kafka_header){.name = name, .value = value == NULL ? "" : value};
    }
    record->headers = view->headers;
}

const struct kafka_record *kafka_view_set(struct kafka_view *view, rd_kafka_message_t *message)
{
    kafka_view_clear(view);
    view->message = message;
    view->record = (struct kafka_record){
        .topic = message->rkt == NULL ? "" : rd_kafka_topic_name(message->rkt),
        .body = message->payload,
        .body_len = message->len,
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
        .partition = message->partition,
        .offset = message->offset,
    };
    if (message->key != NULL) {
        buf_append(&view->key, message->key, message->key_len);
        view->record.key = buf_str(&view->key);
    }
    view_headers(view);
    return &view->record;
}

void kafka_view_clear(struct kafka_view *view)
{
    if (view->message != NULL)
        rd_kafka_message_destroy(view->message);
    view->message = NULL;
    buf_clear(&view->key);
}

void kafka_view_release(struct kafka_view *view)
{
    kafka_view_clear(view);
    buf_release(&view->key);
    mem_free(view->headers);
    *view = (struct kafka_view){0};
}
