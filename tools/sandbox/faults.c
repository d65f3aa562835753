#include "tools/sandbox/faults.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_DELAY_MS_MAX = 600000 };

#define FAULT(name) offsetof(struct sandbox_faults, name)

static const struct {
    const char *name;
    size_t offset;
    double max;
} fault_rows[] = {
    {"drop",                    FAULT(drop),                    1                  },
    {"duplicate",               FAULT(duplicate),               1                  },
    {"reorder",                 FAULT(reorder),                 1                  },
    {"corrupt",                 FAULT(corrupt),                 1                  },
    {"delay_ms",                FAULT(delay_ms),                FAULTS_DELAY_MS_MAX},
    {"answer_429",              FAULT(answer_429),              1                  },
    {"answer_500",              FAULT(answer_500),              1                  },
    {"hang",                    FAULT(hang),                    1                  },
    {"hang_ms",                 FAULT(hang_ms),                 FAULTS_DELAY_MS_MAX},
    {"accept_without_applying", FAULT(accept_without_applying), 1                  },
    {"answer_500_after_apply",  FAULT(answer_500_after_apply),  1                  },
};

static bool fault_set(struct sandbox_faults *faults, const char *key, const struct json *value,
                      struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(fault_rows); i++) {
        if (strcmp(key, fault_rows[i].name) != 0)
            continue;
        double number = json_kind(value) == JSON_NUMBER ? strtod(json_text(value), NULL) : -1;

        if (!(number >= 0 && number <= fault_rows[i].max))
            return err_set(err, ERR_REJECT, "fault '%s' wants a number from 0 to %g", key,
                           fault_rows[i].max);
        *(double *)(void *)((char *)faults + fault_rows[i].offset) = number;
        return true;
    }
    return err_set(err, ERR_REJECT, "unknown fault '%s'", key);
}

bool sandbox_faults_read(const struct json *object, struct sandbox_faults *ret_faults,
                         struct err *err)
{
    struct sandbox_faults faults = {0};

    for (size_t i = 0; i < json_len(object); i++) {
        const char *key = json_key_at(object, i);

        if (strcmp(key, "channel") != 0 && !fault_set(&faults, key, json_at(object, i), err))
            return false;
    }
    *ret_faults = faults;
    return true;
}

void sandbox_faults_write(const struct sandbox_faults *faults, struct json_out *json)
{
    json_object(json);
    for (size_t i = 0; i < ARRAY_LEN(fault_rows); i++) {
        json_key(json, fault_rows[i].name);
        json_put_double(
            json, *(const double *)(const void *)((const char *)faults + fault_rows[i].offset));
    }
    json_object_end(json);
}
