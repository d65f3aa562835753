#include "lib/xml/xml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/number.h"
#include "lib/base/utf8.h"
#include "lib/xml/internal.h"

bool xml_fail(const struct xml *element, struct err *err, const char *format, ...)
{
    char what[400];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return err_set(err, ERR_REJECT, "xml: %s at %zu:%zu", what, element->line, element->column);
}

const char *xml_name(const struct xml *element)
{
    return element == NULL ? "" : element->name;
}

static const struct xml *xml_find(const struct xml *element, const char *name)
{
    while (element != NULL && name != NULL && strcmp(element->name, name) != 0)
        element = element->next;
    return element;
}

const struct xml *xml_get(const struct xml *element, const char *name)
{
    return element == NULL ? NULL : xml_find(element->first, name);
}

const struct xml *xml_next(const struct xml *element, const char *name)
{
    return element == NULL ? NULL : xml_find(element->next, name);
}

const struct xml *xml_path(const struct xml *element, ...)
{
    const char *name = NULL;
    va_list args;

    va_start(args, element);
    while (element != NULL && (name = va_arg(args, const char *)) != NULL)
        element = xml_get(element, name);
    va_end(args);
    return element;
}

const char *xml_text(const struct xml *element)
{
    return element == NULL ? NULL : element->text;
}

const char *xml_attribute(const struct xml *element, const char *name)
{
    for (size_t i = 0; element != NULL && i < element->attributes_len; i++) {
        if (strcmp(element->attributes[i].name, name) == 0)
            return element->attributes[i].value;
    }
    return NULL;
}

bool xml_int(const struct xml *element, int64_t min, int64_t max, int64_t *ret_value)
{
    return number_whole(xml_text(element), min, max, ret_value);
}

/* ---- writing ---- */

static const char *xml_escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void xml_put_text(struct buf *buf, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t len = utf8_char_len(text, left);
        bool is_control = (unsigned char)*text < ' ' && strchr("\t\r\n", *text) == NULL;

        if (len == 1 && xml_escape(*text) != NULL)
            buf_text(buf, xml_escape(*text));
        else if (len == 0 || is_control)
            buf_text(buf, "\xEF\xBF\xBD");
        else
            buf_append(buf, text, len);
        text += len == 0 ? 1 : len;
        left -= len == 0 ? 1 : len;
    }
}

void xml_put_element(struct buf *buf, const char *name, const char *text)
{
    buf_printf(buf, "<%s>", name);
    xml_put_text(buf, text);
    buf_printf(buf, "</%s>", name);
}
