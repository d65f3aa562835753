#include "services/reconciler/order.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/clock.h"

struct parser {
    struct reconciler_order order;
    const char *at;
};

static const char **parser_option(struct parser *parser, const char *name)
{
    if (strcmp(name, "--snapshot") == 0)
        return &parser->order.snapshot;
    if (strcmp(name, "--format") == 0)
        return &parser->order.format;
    return strcmp(name, "--at") == 0 ? &parser->at : NULL;
}

static bool parser_take(struct parser *parser, int argc, char **argv, struct err *err)
{
    for (int i = 0; i < argc; i++) {
        const char **value = parser_option(parser, argv[i]);

        if (value != NULL && i + 1 == argc)
            return err_set(err, ERR_REJECT, "'%s' wants a value", argv[i]);
        if (value != NULL)
            *value = argv[++i];
        else if (strcmp(argv[i], "--json") == 0)
            parser->order.is_json = true;
        else if (parser->order.channel == NULL && argv[i][0] != '-')
            parser->order.channel = argv[i];
        else
            return err_set(err, ERR_REJECT, "'%s' is not understood", argv[i]);
    }
    return true;
}

/* A file does not say when it was made; a snapshot that is fetched does. */
static bool parser_check(struct parser *parser, struct err *err)
{
    const struct reconciler_order *order = &parser->order;

    if (order->channel == NULL)
        return err_set(err, ERR_REJECT, "say which channel");
    if (order->snapshot == NULL && (parser->at != NULL || order->format != NULL))
        return err_set(err, ERR_REJECT, "'--at' and '--format' describe the file of '--snapshot'");
    if (order->snapshot != NULL && parser->at == NULL)
        return err_set(err, ERR_REJECT, "'--snapshot' wants '--at', the time that the file shows");
    if (parser->at != NULL && !clock_parse(parser->at, &parser->order.at_ms))
        return err_set(err, ERR_REJECT, "'--at' wants a time as in RFC 3339, not '%s'", parser->at);
    return true;
}

bool reconciler_order_parse(int argc, char **argv, struct reconciler_order *ret_order,
                            struct err *err)
{
    struct parser parser = {0};

    if (!parser_take(&parser, argc, argv, err) || !parser_check(&parser, err))
        return false;
    *ret_order = parser.order;
    return true;
}
