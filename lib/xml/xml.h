/*
 * XML in and out, the one door to libexpat. Reading builds a small read-only tree in an arena.
 * Stricter than XML: a document type is refused, and with it every entity but the five of XML
 * itself, so no small document unfolds into a huge one; UTF-8 (or UTF-16 with its mark) only;
 * bytes, depth, elements and attributes have limits. Names are local: what stands before a colon is
 * dropped, because senders choose their prefixes freely and cut-out documents lost their
 * declarations. Places are line:column, both from 1.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

enum {
    XML_BYTES_MAX = 256 << 20,
    XML_DEPTH_MAX = 64,
    XML_NODES_MAX = 1000000, /* elements and attributes, of a document or of one of xml_each() */
    XML_ATTRIBUTES_MAX = 64, /* of one element */
};

struct xml; /* an element; borrowed from its arena */

/* The root, living as long as the arena, or NULL with ERR_REJECT: "xml: mismatched tag at 3:5".
   bytes may go away afterwards. */
const struct xml *xml_parse(struct arena *arena, const void *bytes, size_t len, struct err *err);

typedef bool xml_visit(void *opaque, const struct xml *element, struct err *err);

/* Each element at the path ("shop/items/item", from the root), one after the other, so that a big
   document needs the memory of one of them; void after the visit. The document may also begin
   further down the path ("items", or "item"). A visit that returns false ends it. ERR_REJECT as
   above, and when the element around them ("shop/items") is not there at all: that is another
   document, not an empty list. */
bool xml_each(const void *bytes, size_t len, const char *path, xml_visit *visit, void *opaque,
              struct err *err) MUST_CHECK;

/* Sets err to ERR_REJECT with the element's place behind the text. Returns false. */
bool xml_fail(const struct xml *element, struct err *err, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* "" for NULL. */
const char *xml_name(const struct xml *element);
/* The first child of that name, any when name is NULL; NULL when there is none, or no element. */
const struct xml *xml_get(const struct xml *element, const char *name);
/* Its next sibling of that name, any when name is NULL. */
const struct xml *xml_next(const struct xml *element, const char *name);
/* Walks first children: xml_path(item, "Status", "State", NULL). */
const struct xml *xml_path(const struct xml *element, ...) __attribute__((sentinel));
/* What stands directly in the element, without the blanks around it; NULL only for NULL. */
const char *xml_text(const struct xml *element);
/* NULL when absent. */
const char *xml_attribute(const struct xml *element, const char *name);
/* The text, when that is a whole number in [min, max] ("12", "-3", never "1.0", "+1" or ""). */
bool xml_int(const struct xml *element, int64_t min, int64_t max, int64_t *ret_value);

/* Appends the text escaped, for content and attributes. What XML can't hold (control characters,
   bytes that are no UTF-8) becomes U+FFFD. */
void xml_put_text(struct buf *buf, const char *text);
/* Appends <name>text</name>. */
void xml_put_element(struct buf *buf, const char *name, const char *text);
