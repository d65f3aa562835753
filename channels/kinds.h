/* The registry: every kind of channel there is, one line each in kinds.c. */
#pragma once

#include <stddef.h>

#include "channels/channel.h"

size_t channel_kinds_len(void);
const struct channel_kind *channel_kinds_at(size_t index);
/* NULL when there is none of that name. */
const struct channel_kind *channel_kinds_find(const char *name);
