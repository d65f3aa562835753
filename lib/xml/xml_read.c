#include <expat.h>
#include <string.h>
#include <strings.h>

#include "lib/xml/internal.h"

struct xml_frame {
    struct xml *element; /* NULL outside of what is kept */
    size_t text;         /* where its text begins in the buffer */
};

/* Texts of the open elements stand one behind the other in one buffer: a child's goes away as it
   closes, so its parent's goes on where it was. */
struct xml_reader {
    struct arena *arena;
    const char *path; /* of what is kept; NULL: the root, in the caller's arena */
    xml_visit *visit;
    void *opaque;
    struct err *err;
    XML_Parser expat;
    struct buf text;
    size_t nodes;
    size_t depth;
    size_t matched;    /* open elements that lie on the path */
    size_t skipped;    /* parts of the path that would stand around the root */
    bool is_there;     /* the element around those at the path was seen */
    size_t kept_depth; /* 0: nothing is being kept */
    bool has_failed;
    struct xml_frame frames[XML_DEPTH_MAX];
};

static size_t xml_line(const struct xml_reader *reader)
{
    return XML_GetCurrentLineNumber(reader->expat);
}

static size_t xml_column(const struct xml_reader *reader)
{
    return XML_GetCurrentColumnNumber(reader->expat) + 1;
}

static void xml_stop(struct xml_reader *reader)
{
    reader->has_failed = true;
    XML_StopParser(reader->expat, XML_FALSE);
}

static void xml_refuse(struct xml_reader *reader, const char *what)
{
    err_set(reader->err, ERR_REJECT, "xml: %s at %zu:%zu", what, xml_line(reader),
            xml_column(reader));
    xml_stop(reader);
}

static const char *xml_local(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon == NULL ? name : colon + 1;
}

/* ---- which elements are kept ---- */

/* The path's part at that level, from 0; false: the path is shorter. */
static bool xml_path_part(const char *path, size_t level, const char **ret_part, size_t *ret_len,
                          bool *ret_is_last)
{
    for (; level > 0; level--) {
        path = strchr(path, '/');
        if (path == NULL)
            return false;
        path += 1;
    }
    *ret_part = path;
    *ret_len = strcspn(path, "/");
    *ret_is_last = path[*ret_len] == '\0';
    return true;
}

static bool xml_is_part(const struct xml_reader *reader, size_t level, const char *name,
                        bool *ret_is_last)
{
    const char *part = NULL;
    size_t len = 0;

    return xml_path_part(reader->path, level, &part, &len, ret_is_last) && strlen(name) == len &&
           memcmp(name, part, len) == 0;
}

/* Whether the element that opens now, not yet counted in depth, is the first of a kept tree. */
static bool xml_begins(struct xml_reader *reader, const char *name)
{
    const char *part = NULL;
    size_t len = 0;
    bool is_last = false;

    if (reader->path == NULL)
        return reader->depth == 0;
    if (reader->matched != reader->depth)
        return false;
    while (reader->depth == 0 && !xml_is_part(reader, reader->skipped, name, &is_last)) {
        if (!xml_path_part(reader->path, ++reader->skipped, &part, &len, &is_last))
            return false;
    }
    if (!xml_is_part(reader, reader->depth + reader->skipped, name, &is_last))
        return false;
    reader->is_there = reader->is_there || is_last;
    if (is_last)
        return true;
    reader->matched += 1;
    xml_path_part(reader->path, reader->matched + reader->skipped, &part, &len, &is_last);
    reader->is_there = reader->is_there || is_last;
    return false;
}

/* ---- expat's callbacks ---- */

static bool xml_count(struct xml_reader *reader, size_t more)
{
    reader->nodes += more;
    if (reader->nodes > XML_NODES_MAX)
        xml_refuse(reader, "too many elements");
    return !reader->has_failed;
}

static struct xml *xml_element_new(struct xml_reader *reader, const char *name, const char **given)
{
    struct xml *element = arena_alloc(reader->arena, sizeof(*element));
    struct xml_attribute *attributes = NULL;
    size_t len = 0;

    while (given[2 * len] != NULL)
        len += 1;
    if (len > XML_ATTRIBUTES_MAX)
        xml_refuse(reader, "too many attributes");
    if (reader->has_failed || !xml_count(reader, len + 1))
        return NULL;
    attributes = arena_alloc(reader->arena, len * sizeof(*attributes));
    for (size_t i = 0; i < len; i++) {
        attributes[i].name = arena_strdup(reader->arena, xml_local(given[2 * i]));
        attributes[i].value = arena_strdup(reader->arena, given[2 * i + 1]);
    }
    *element = (struct xml){
        .name = arena_strdup(reader->arena, name),
        .text = "",
        .attributes = attributes,
        .attributes_len = len,
        .line = xml_line(reader),
        .column = xml_column(reader),
    };
    return element;
}

static void xml_append_child(struct xml *parent, struct xml *child)
{
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
}

static void xml_on_open(void *opaque, const char *name, const char **attributes)
{
    struct xml_reader *reader = opaque;
    struct xml_frame *frame = &reader->frames[reader->depth];

    if (reader->depth == XML_DEPTH_MAX) {
        xml_refuse(reader, "nested too deeply");
        return;
    }
    *frame = (struct xml_frame){.text = reader->text.len};
    if (reader->kept_depth == 0 && xml_begins(reader, xml_local(name)))
        reader->kept_depth = reader->depth + 1;
    reader->depth += 1;
    if (reader->kept_depth == 0)
        return;
    frame->element = xml_element_new(reader, xml_local(name), attributes);
    if (frame->element != NULL && reader->depth > reader->kept_depth)
        xml_append_child(frame[-1].element, frame->element);
}

static bool xml_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *xml_take_text(struct xml_reader *reader, size_t from)
{
    const char *text = buf_str(&reader->text) + from;
    size_t len = reader->text.len - from;

    for (; len > 0 && xml_is_blank(*text); len--)
        text += 1;
    while (len > 0 && xml_is_blank(text[len - 1]))
        len -= 1;
    reader->text.len = from;
    return len == 0 ? "" : arena_strndup(reader->arena, text, len);
}

static void xml_keep(struct xml_reader *reader, const struct xml *element)
{
    reader->kept_depth = 0;
    if (!reader->visit(reader->opaque, element, reader->err))
        xml_stop(reader);
    if (reader->path != NULL)
        arena_reset(reader->arena);
    reader->nodes = 0;
}

static void xml_on_close(void *opaque, const char *name)
{
    struct xml_reader *reader = opaque;
    struct xml_frame *frame = &reader->frames[reader->depth - 1];

    (void)name;
    if (reader->has_failed) /* expat may close an empty element that was refused as it opened */
        return;
    if (frame->element != NULL)
        frame->element->text = xml_take_text(reader, frame->text);
    if (reader->depth == reader->kept_depth)
        xml_keep(reader, frame->element);
    reader->depth -= 1;
    if (reader->matched > reader->depth)
        reader->matched = reader->depth;
}

static void xml_on_text(void *opaque, const char *text, int len)
{
    struct xml_reader *reader = opaque;

    if (reader->kept_depth != 0)
        buf_append(&reader->text, text, (size_t)len);
}

static void xml_on_doctype(void *opaque, const char *name, const char *system, const char *public,
                           int has_internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_internal;
    xml_refuse(opaque, "a document type is refused");
}

/* expat is told that the bytes are UTF-8 (and sees itself when they begin with the mark of UTF-16),
   so a document that says otherwise would be misread. */
static void xml_on_declaration(void *opaque, const char *version, const char *encoding,
                               int standalone)
{
    static const char *const names[] = {"utf-8", "utf8", "utf-16", "us-ascii"};

    (void)version;
    (void)standalone;
    for (size_t i = 0; encoding != NULL && i < ARRAY_LEN(names); i++) {
        if (strcasecmp(encoding, names[i]) == 0)
            return;
    }
    if (encoding != NULL)
        xml_refuse(opaque, "an encoding other than UTF-8");
}

/* ---- the document ---- */

static void *xml_malloc(size_t size)
{
    return mem_calloc(size, 1);
}

static void *xml_realloc(void *old, size_t size)
{
    return mem_realloc(old, size, 1);
}

static bool xml_run(struct xml_reader *reader, const void *bytes, size_t len)
{
    static const XML_Memory_Handling_Suite memory = {xml_malloc, xml_realloc, mem_free};

    if (len > XML_BYTES_MAX)
        return err_set(reader->err, ERR_REJECT, "xml: more than %d bytes", XML_BYTES_MAX);
    reader->expat = XML_ParserCreate_MM("UTF-8", &memory, NULL);
    XML_SetUserData(reader->expat, reader);
    XML_SetElementHandler(reader->expat, xml_on_open, xml_on_close);
    XML_SetCharacterDataHandler(reader->expat, xml_on_text);
    XML_SetStartDoctypeDeclHandler(reader->expat, xml_on_doctype);
    XML_SetXmlDeclHandler(reader->expat, xml_on_declaration);
    if (XML_Parse(reader->expat, bytes == NULL ? "" : bytes, (int)len, true) == XML_STATUS_OK)
        reader->is_there = reader->is_there || reader->path == NULL;
    else if (!reader->has_failed)
        xml_refuse(reader, XML_ErrorString(XML_GetErrorCode(reader->expat)));
    if (!reader->has_failed && !reader->is_there) {
        reader->has_failed = true;
        err_set(reader->err, ERR_REJECT, "xml: there is nothing around '%s'", reader->path);
    }
    XML_ParserFree(reader->expat);
    buf_release(&reader->text);
    return !reader->has_failed;
}

static bool xml_keep_root(void *opaque, const struct xml *element, struct err *err)
{
    (void)err;
    *(const struct xml **)opaque = element;
    return true;
}

const struct xml *xml_parse(struct arena *arena, const void *bytes, size_t len, struct err *err)
{
    const struct xml *root = NULL;
    struct xml_reader reader = {
        .arena = arena, .visit = xml_keep_root, .opaque = &root, .err = err};

    return xml_run(&reader, bytes, len) ? root : NULL;
}

bool xml_each(const void *bytes, size_t len, const char *path, xml_visit *visit, void *opaque,
              struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct xml_reader reader = {
        .arena = arena,
        .path = path,
        .visit = visit,
        .opaque = opaque,
        .err = err,
    };

    return xml_run(&reader, bytes, len);
}
