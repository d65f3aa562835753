/* Who says so. */
#pragma once

#include "lib/base/mem.h"

/* given (--actor) when not NULL, else user@host; in the arena. */
const char *stockctl_actor(struct arena *arena, const char *given, const char *user);
