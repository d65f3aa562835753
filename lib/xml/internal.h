/* The tree's elements, shared by the reader that builds them and the functions that walk them. */
#pragma once

#include "lib/xml/xml.h"

struct xml_attribute {
    const char *name;
    const char *value;
};

struct xml {
    const char *name;
    const char *text;
    const struct xml_attribute *attributes;
    size_t attributes_len;
    struct xml *first;
    struct xml *last;
    struct xml *next;
    size_t line;
    size_t column;
};
