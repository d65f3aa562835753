/* The control API: what tests, demos and operators make the sandbox do. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* Under the lock. name is what follows "/control/". */
void sandbox_control(struct sandbox *sandbox, const char *name, const struct sandbox_call *call,
                     struct sandbox_reply *reply);
/* GET log: not under the lock; answers by itself. */
void sandbox_control_log(struct sandbox *sandbox, struct http_request *request);
