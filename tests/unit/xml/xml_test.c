#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/xml/xml.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct xml *parsed(const char *text)
{
    struct err err = {0};
    const struct xml *root = xml_parse(arena, text, strlen(text), &err);

    if (root == NULL)
        fail_msg("%s: %s", text, err.text);
    return root;
}

static void assert_refused_bytes(const void *bytes, size_t len, const char *reason)
{
    struct err err = {0};

    assert_null(xml_parse(arena, bytes, len, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, reason);
}

static void assert_refused(const char *text, const char *reason)
{
    assert_refused_bytes(text, strlen(text), reason);
}

static void elements_are_read_in_document_order(void **state)
{
    (void)state;
    const struct xml *root = parsed("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                    "<shop><!-- no --><item>1</item><other/><item>2</item></shop>");
    const struct xml *item = xml_get(root, "item");

    assert_string_equal(xml_name(root), "shop");
    assert_string_equal(xml_text(item), "1");
    assert_string_equal(xml_name(xml_next(item, NULL)), "other");
    assert_string_equal(xml_text(xml_next(item, "item")), "2");
    assert_null(xml_next(xml_next(item, "item"), NULL));
    assert_string_equal(xml_name(xml_get(root, NULL)), "item");
    assert_null(xml_get(root, "Item"));
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    int64_t value = 0;

    assert_string_equal(xml_name(NULL), "");
    assert_null(xml_get(NULL, "a"));
    assert_null(xml_next(NULL, NULL));
    assert_null(xml_path(NULL, "a", "b", NULL));
    assert_null(xml_text(NULL));
    assert_null(xml_attribute(NULL, "a"));
    assert_false(xml_int(NULL, 0, 1, &value));
    assert_string_equal(xml_text(parsed("<a/>")), "");
    assert_string_equal(xml_text(parsed("<a> \n </a>")), "");
}

static void names_are_local_whatever_the_prefix_stands_for(void **state)
{
    (void)state;
    const struct xml *root = parsed("<soap:Envelope xmlns:soap=\"http://x/\"><soap:Body "
                                    "soap:strict=\"0\"><Answer xmlns=\"urn:e\"><undeclared:Id>7"
                                    "</undeclared:Id></Answer></soap:Body></soap:Envelope>");

    assert_string_equal(xml_name(root), "Envelope");
    assert_string_equal(xml_text(xml_path(root, "Body", "Answer", "Id", NULL)), "7");
    assert_string_equal(xml_attribute(xml_get(root, "Body"), "strict"), "0");
    assert_null(xml_path(root, "Body", "Id", NULL));
}

static void text_is_what_stands_directly_in_the_element(void **state)
{
    (void)state;
    const struct xml *root =
        parsed("<a> x<b>\n  in ner\t</b>y &amp; &#228;<c/><![CDATA[<z>]]> </a>");

    assert_string_equal(xml_text(root), "xy & \xC3\xA4<z>");
    assert_string_equal(xml_text(xml_get(root, "b")), "in ner");
    assert_string_equal(xml_text(xml_get(root, "c")), "");
}

static void attributes_are_found_by_name(void **state)
{
    (void)state;
    const struct xml *root = parsed("<Price currencyID=\"USD\" note=\"a &lt; b\">1.00</Price>");

    assert_string_equal(xml_attribute(root, "currencyID"), "USD");
    assert_string_equal(xml_attribute(root, "note"), "a < b");
    assert_null(xml_attribute(root, "currency"));
}

static void assert_int_is(const char *text, bool expected, int64_t value)
{
    int64_t got = 77;

    assert_int_equal(xml_int(parsed(text), INT64_MIN, INT64_MAX, &got), expected);
    assert_int_equal(got, expected ? value : 77);
}

static void whole_numbers_are_exact(void **state)
{
    (void)state;
    int64_t value = 77;

    assert_int_is("<q>12</q>", true, 12);
    assert_int_is("<q>\n -3 </q>", true, -3);
    assert_int_is("<q>9223372036854775807</q>", true, INT64_MAX);
    assert_int_is("<q>-9223372036854775808</q>", true, INT64_MIN);
    assert_int_is("<q>9223372036854775808</q>", false, 0);
    assert_int_is("<q>1.0</q>", false, 0);
    assert_int_is("<q>+1</q>", false, 0);
    assert_int_is("<q>-</q>", false, 0);
    assert_int_is("<q></q>", false, 0);
    assert_int_is("<q>1 2</q>", false, 0);
    assert_false(xml_int(parsed("<q>6</q>"), 0, 5, &value));
    assert_int_equal(value, 77);
}

static void the_input_may_go_away(void **state)
{
    (void)state;
    char text[] = "<a b=\"c\">d</a>";
    const struct xml *root = parsed(text);

    memset(text, 'x', sizeof(text));

    assert_string_equal(xml_name(root), "a");
    assert_string_equal(xml_text(root), "d");
    assert_string_equal(xml_attribute(root, "b"), "c");
}

static void complaints_name_line_and_column(void **state)
{
    (void)state;
    struct err err = {0};
    const struct xml *root = parsed("<a>\n \xC3\xA4<b/>\n</a>");

    assert_refused("<a>\n  <b></a>", "xml: mismatched tag at 2:8");
    assert_refused("", "xml: no element found at 1:1");
    assert_refused("<a></a>\n<b/>", "xml: junk after document element at 2:1");
    assert_refused("{\"a\":1}", "xml: not well-formed (invalid token) at 1:1");
    assert_refused("<a>&nbsp;</a>", "xml: undefined entity at 1:4");
    assert_refused("<a b=\"1\" b=\"2\"/>", "xml: duplicate attribute at 1:10");
    assert_refused("<a>&#0;</a>", "xml: reference to invalid character number at 1:4");
    assert_false(xml_fail(xml_get(root, "b"), &err, "want '%s'", "c"));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, "xml: want 'c' at 2:3");
}

/* Ten levels of ten: ten thousand million times "lol" in less than a thousand bytes. */
static void a_document_type_is_refused_and_no_entity_unfolds(void **state)
{
    (void)state;
    SCOPED(buf) struct buf laughs = {0};

    buf_text(&laughs, "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">");
    for (int i = 1; i <= 10; i++) {
        buf_printf(&laughs, "<!ENTITY lol%d \"", i);
        for (int copy = 0; copy < 10; copy++)
            buf_printf(&laughs, "&lol%d;", i - 1);
        buf_text(&laughs, "\">");
    }
    buf_text(&laughs, "]><lolz>&lol10;</lolz>");

    assert_refused_bytes(laughs.bytes, laughs.len, "xml: a document type is refused at 2:16");
    assert_refused("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
                   "xml: a document type is refused at 1:40");
    assert_refused("<!DOCTYPE a><a/>", "xml: a document type is refused at 1:12");
}

static void another_encoding_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    static const char utf16[] = "\xFF\xFE<\0a\0/\0>\0";

    assert_refused("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE4</a>",
                   "xml: an encoding other than UTF-8 at 1:1");
    assert_refused("<a>\xE4</a>", "xml: not well-formed (invalid token) at 1:4");
    assert_refused("<a>\xC0\x80</a>", "xml: not well-formed (invalid token) at 1:4");
    assert_non_null(xml_parse(arena, utf16, sizeof(utf16) - 1, &err));
    assert_refused_bytes("<a>\0</a>", 8, "xml: not well-formed (invalid token) at 1:4");
    assert_string_equal(
        xml_text(parsed("\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?><a>b</a>")), "b");
}

static void nested(struct buf *text, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        buf_text(text, "<a>");
    for (size_t i = 0; i < depth; i++)
        buf_text(text, "</a>");
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    SCOPED(buf) struct buf fits = {0};
    SCOPED(buf) struct buf deep = {0};

    nested(&fits, XML_DEPTH_MAX);
    nested(&deep, XML_DEPTH_MAX + 1);

    parsed(fits.bytes);
    assert_refused(deep.bytes, "xml: nested too deeply at 1:193");
}

static void elements_have_a_limit(void **state)
{
    (void)state;
    SCOPED(buf) struct buf text = {0};

    buf_text(&text, "<a>");
    for (size_t i = 1; i < XML_NODES_MAX; i++)
        buf_text(&text, "<b/>");
    size_t fits = text.len;
    buf_text(&text, "</a>");
    parsed(text.bytes);
    text.len = fits;
    buf_text(&text, "<b/></a>");

    assert_refused(text.bytes, "xml: too many elements at 1:4000000");
}

static void attributes_have_a_limit(void **state)
{
    (void)state;
    SCOPED(buf) struct buf text = {0};

    buf_text(&text, "<a");
    for (int i = 0; i <= XML_ATTRIBUTES_MAX; i++)
        buf_printf(&text, " a%d=\"\"", i);
    buf_text(&text, "/>");

    assert_refused(text.bytes, "xml: too many attributes at 1:1");
}

static void bytes_have_a_limit(void **state)
{
    (void)state;
    /* Nothing is read before the length is known to be fine. */
    assert_refused_bytes("<a/>", (size_t)XML_BYTES_MAX + 1, "xml: more than 268435456 bytes");
}

/* ---- one after the other ---- */

struct seen {
    char text[200];
    size_t count;
    size_t stop_at;
};

static bool see(void *opaque, const struct xml *element, struct err *err)
{
    struct seen *seen = opaque;

    seen->count += 1;
    if (seen->count == seen->stop_at)
        return xml_fail(element, err, "enough");
    if (seen->count <= 10) {
        strcat(seen->text, xml_text(xml_get(element, "id")));
        strcat(seen->text, ";");
    }
    return true;
}

static bool each(const char *text, const char *path, struct seen *seen, struct err *err)
{
    *seen = (struct seen){.stop_at = seen->stop_at};
    return xml_each(text, strlen(text), path, see, seen, err);
}

static void elements_at_a_path_come_one_after_the_other(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct err err = {0};
    const char *text = "<s:shop><item><id>0</id></item><items>text<item><id>1</id></item>"
                       "<box><item><id>9</id></item></box><item><id>2</id><item><id>8</id></item>"
                       "</item></items><items><item><id>3</id></item></items></s:shop>";

    assert_true(each(text, "shop/items/item", &seen, &err));
    assert_string_equal(seen.text, "1;2;3;");
    assert_true(each("<item><id>4</id></item>", "item", &seen, &err));
    assert_string_equal(seen.text, "4;");
    assert_true(each("<item><id>5</id></item>", "shop/items/item", &seen, &err));
    assert_string_equal(seen.text, "5;");
    assert_true(each("<items><item><id>6</id></item></items>", "shop/items/item", &seen, &err));
    assert_string_equal(seen.text, "6;");
    assert_false(each("<box><item><id>7</id></item></box>", "shop/items/item", &seen, &err));
    assert_false(each("<box/>", "item", &seen, &err));
}

static void an_empty_list_is_no_missing_list(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct err err = {0};

    assert_true(each("<shop><items/></shop>", "shop/items/item", &seen, &err));
    assert_int_equal(seen.count, 0);
    assert_false(each("<shop><error/></shop>", "shop/items/item", &seen, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, "xml: there is nothing around 'shop/items/item'");
    assert_false(each("<fault/>", "shop/items/item", &seen, &err));
    assert_false(each("<shop><items><item><id>1</id></item>", "shop/items/item", &seen, &err));
    assert_string_equal(err.text, "xml: no element found at 1:37");
}

static void a_visit_can_end_it(void **state)
{
    (void)state;
    struct seen seen = {.stop_at = 2};
    struct err err = {0};

    assert_false(each("<a><b><id>1</id></b>\n<b/><b/></a>", "a/b", &seen, &err));
    assert_int_equal(seen.count, 2);
    assert_string_equal(err.text, "xml: enough at 2:1");
}

static void a_list_may_be_longer_than_a_document(void **state)
{
    (void)state;
    SCOPED(buf) struct buf text = {0};
    struct seen seen = {0};
    struct err err = {0};

    buf_text(&text, "<a>");
    for (size_t i = 0; i < XML_NODES_MAX; i++)
        buf_text(&text, "<b><id>1</id></b>");
    buf_text(&text, "</a>");

    assert_true(each(text.bytes, "a/b", &seen, &err));
    assert_int_equal(seen.count, XML_NODES_MAX);
}

/* ---- writing ---- */

static void written_text_reads_back(void **state)
{
    (void)state;
    SCOPED(buf) struct buf text = {0};

    xml_put_element(&text, "SKU", "a<b>&\"c'\xC3\xA4");
    assert_string_equal(text.bytes, "<SKU>a&lt;b&gt;&amp;&quot;c'\xC3\xA4</SKU>");
    assert_string_equal(xml_text(parsed(text.bytes)), "a<b>&\"c'\xC3\xA4");
    buf_clear(&text);
    xml_put_element(&text, "SKU", "x\x01y\xFFz");
    assert_string_equal(xml_text(parsed(text.bytes)), "x\xEF\xBF\xBDy\xEF\xBF\xBDz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_read_in_document_order),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(names_are_local_whatever_the_prefix_stands_for),
        cmocka_unit_test(text_is_what_stands_directly_in_the_element),
        cmocka_unit_test(attributes_are_found_by_name),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(the_input_may_go_away),
        cmocka_unit_test(complaints_name_line_and_column),
        cmocka_unit_test(a_document_type_is_refused_and_no_entity_unfolds),
        cmocka_unit_test(another_encoding_is_refused),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(elements_have_a_limit),
        cmocka_unit_test(attributes_have_a_limit),
        cmocka_unit_test(bytes_have_a_limit),
        cmocka_unit_test(elements_at_a_path_come_one_after_the_other),
        cmocka_unit_test(an_empty_list_is_no_missing_list),
        cmocka_unit_test(a_visit_can_end_it),
        cmocka_unit_test(a_list_may_be_longer_than_a_document),
        cmocka_unit_test(written_text_reads_back),
    };

    return cmocka_run_group_tests_name("xml", tests, open_arena, close_arena);
}
