/* Whole numbers as documents write them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A whole number in [min, max]: "12", "-3"; never "1.0", "+1", " 1" or "". False, and *ret_value
   untouched: anything else, NULL too. */
bool number_whole(const char *text, int64_t min, int64_t max, int64_t *ret_value);
