#include "services/ledger/session.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/settings.h"

/* A seq scan takes a lock on the whole relation, and every other writer then fails to serialize. */
const char ledger_session_folding[] = "SET enable_seqscan = off;"
                                      "SET enable_hashjoin = off;"
                                      "SET enable_mergejoin = off;"
                                      "SET enable_indexonlyscan = off;"
                                      "SET enable_bitmapscan = off;"
                                      "SET enable_memoize = off;"
                                      "SET enable_material = off;"
                                      "SET plan_cache_mode = force_generic_plan;"
                                      /* a forbidden plan has a huge cost, and costs wake the JIT */
                                      "SET jit = off;"
                                      /* a halted replica holds its locks no longer than Kafka
                                         waits for it (6 s at least): the next owner would wait
                                         as well */
                                      "SET idle_in_transaction_session_timeout = '5s';"
                                      "SET statement_timeout = '60s'";

/* The lock goes with the session, and the server ends the session of a relay that was halted: it
   asks every 100 ms, or after its flush (5 s) and a pause while the broker is away. Meanwhile its
   own records have timed out, so that it sends nothing old when it goes on. */
const char ledger_session_relaying[] = "SET idle_session_timeout = '10s';"
                                       "SET statement_timeout = '10s'";

const char ledger_session_assessing[] = "SET jit = off;"
                                        "SET idle_in_transaction_session_timeout = '5s';"
                                        "SET statement_timeout = '30s'";

/* By the URL as its file says now: its password may have been rotated since the start. Whoever was
   let in once waits for what lets it in again, whatever the server says: role and file change one
   after the other, and a start would find the same. */
static struct pg *session_connect(const char *database_url, const char *name, struct err *err)
{
    static atomic_bool was_open;
    SCOPED(mem) char *url = settings_fresh("STOCKBUS_DATABASE_URL", database_url);
    struct pg *pg = pg_open(url, name, err);

    if (pg != NULL)
        atomic_store(&was_open, true);
    else if (err->code == ERR_FATAL && atomic_load(&was_open))
        err->code = ERR_RETRY;
    return pg;
}

struct pg *ledger_session_open(const char *database_url, const char *name, const char *schema,
                               const char *settings, struct err *err)
{
    char search_path[128];
    struct pg *pg = NULL;

    if (*schema == '\0' || strlen(schema) > 63 ||
        schema[strspn(schema, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0') {
        err_set(err, ERR_FATAL, "'%s' is no schema's name: want letters a-z, digits and _", schema);
        return NULL;
    }
    snprintf(search_path, sizeof(search_path), "SET search_path = \"%s\"", schema);
    pg = session_connect(database_url, name, err);
    if (pg == NULL)
        return NULL;
    if (!pg_exec(pg, search_path, err) || !pg_exec(pg, settings, err)) {
        pg_close(pg);
        return NULL;
    }
    return pg;
}
