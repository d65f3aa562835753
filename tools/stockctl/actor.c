#include "tools/stockctl/actor.h"

#include <limits.h>
#include <unistd.h>

enum { ACTOR_HOST_LEN = HOST_NAME_MAX + 1 };

const char *stockctl_actor(struct arena *arena, const char *given, const char *user)
{
    char host[ACTOR_HOST_LEN] = "";

    if (given != NULL)
        return given;
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        host[0] = '?';
    if (user[0] == '\0')
        return arena_printf(arena, "uid%u@%s", (unsigned)getuid(), host);
    return arena_printf(arena, "%s@%s", user, host);
}
