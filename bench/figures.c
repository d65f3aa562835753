#include "bench/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"

enum { SQLSTATES_MAX = 16 };

struct figures {
    int server_pid;
    int64_t begin_us;
    int64_t client_ns;
    int64_t server_ns;
    int64_t *transactions_us;
    size_t len;
    size_t capacity;
    struct {
        char sqlstate[6];
        int count;
    } retries[SQLSTATES_MAX];
};

/* Time on a CPU so far, of a process with one thread. */
static int64_t cpu_ns(int pid)
{
    char path[64];
    int64_t ns = 0;

    snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%" SCNd64, &ns) != 1)
        fprintf(stderr, "can't read %s\n", path);
    if (file != NULL)
        fclose(file);
    return ns;
}

struct figures *figures_start(int server_pid)
{
    struct figures *figures = mem_calloc(1, sizeof(*figures));

    figures->server_pid = server_pid;
    figures->client_ns = cpu_ns(getpid());
    figures->server_ns = cpu_ns(server_pid);
    figures->begin_us = clock_monotonic_us();
    return figures;
}

void figures_transaction(struct figures *figures, int64_t us)
{
    if (figures->len == figures->capacity) {
        figures->capacity = figures->capacity == 0 ? 1024 : 2 * figures->capacity;
        figures->transactions_us = mem_realloc(figures->transactions_us, figures->capacity,
                                               sizeof(*figures->transactions_us));
    }
    figures->transactions_us[figures->len++] = us;
}

void figures_retry(struct figures *figures, const char *sqlstate)
{
    size_t at = 0;

    while (at + 1 < SQLSTATES_MAX && figures->retries[at].count > 0 &&
           strcmp(figures->retries[at].sqlstate, sqlstate) != 0)
        at++;
    snprintf(figures->retries[at].sqlstate, sizeof(figures->retries[at].sqlstate), "%s", sqlstate);
    figures->retries[at].count++;
}

void figures_finish(struct figures *figures)
{
    int64_t end_us = clock_monotonic_us();

    printf("{\"begin_us\": %" PRId64 ", \"end_us\": %" PRId64 ", \"client_cpu_us\": %" PRId64
           ", \"server_cpu_us\": %" PRId64 ", \"retries\": {",
           figures->begin_us, end_us, (cpu_ns(getpid()) - figures->client_ns) / 1000,
           (cpu_ns(figures->server_pid) - figures->server_ns) / 1000);
    for (size_t i = 0; i < SQLSTATES_MAX && figures->retries[i].count > 0; i++)
        printf("%s\"%s\": %d", i == 0 ? "" : ", ", figures->retries[i].sqlstate,
               figures->retries[i].count);
    printf("}, \"transactions_us\": [");
    for (size_t i = 0; i < figures->len; i++)
        printf("%s%" PRId64, i == 0 ? "" : ", ", figures->transactions_us[i]);
    printf("]}\n");
    mem_free(figures->transactions_us);
    mem_free(figures);
}
