#include "lib/event/push.h"

#include <string.h>

#include "lib/event/record.h"

const char *outcome_result_name(enum outcome_result result)
{
    return record_result_names[result < OUTCOME_RESULT_COUNT ? result : OUTCOME_NONE];
}

bool outcome_result_parse(const char *name, enum outcome_result *ret_result)
{
    for (int result = OUTCOME_NONE + 1; result < OUTCOME_RESULT_COUNT; result++) {
        if (strcmp(name, record_result_names[result]) == 0) {
            *ret_result = (enum outcome_result)result;
            return true;
        }
    }
    return false;
}

char *target_copy(const struct target *from, struct target *to)
{
    const char *const texts[] = {from->channel,     from->listing,      from->address,
                                 from->event_id,    from->rule_id,      from->mapping_id,
                                 from->traceparent, from->cause_channel};
    const char **const places[] = {&to->channel,     &to->listing,      &to->address,
                                   &to->event_id,    &to->rule_id,      &to->mapping_id,
                                   &to->traceparent, &to->cause_channel};
    size_t size = 0;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        size += strlen(texts[i]) + 1;
    char *copy = mem_calloc(size, 1);
    char *at = copy;
    *to = *from;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *places[i] = at;
        at = stpcpy(at, texts[i]) + 1;
    }
    return copy;
}
