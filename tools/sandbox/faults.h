/* Lies on demand, per channel. Each is a probability; zero is the truth. */
#pragma once

#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/json/json.h"

struct sandbox_faults {
    /* Of notifications. */
    double drop;
    double duplicate;
    double reorder;
    double corrupt;  /* flips a bit of the body after it was signed */
    double delay_ms; /* at most; evenly from 0 */
    /* Of the answers to our calls. */
    double answer_429;
    double answer_500;
    double hang; /* the answer comes hang_ms late */
    double hang_ms;
    double accept_without_applying;
    double answer_500_after_apply;
};

/* Reads the set from a control request; what it does not name is 0. ERR_REJECT names a key that is
   unknown (other than "channel") or out of range. */
bool sandbox_faults_read(const struct json *object, struct sandbox_faults *ret_faults,
                         struct err *err) MUST_CHECK;
void sandbox_faults_write(const struct sandbox_faults *faults, struct json_out *json);
