#include <string.h>

#include "lib/pg/internal.h"

static const struct {
    const char *prefix;
    enum err_code code;
} sqlstate_policy[] = {
    {"40001", ERR_CONFLICT}, /* serialization_failure */
    {"40P01", ERR_CONFLICT}, /* deadlock_detected */
    {"40003", ERR_RETRY   }, /* statement_completion_unknown */
    {"55P03", ERR_RETRY   }, /* lock_not_available: lock_timeout ran out */
    {"08",    ERR_RETRY   }, /* connection exception */
    {"25P03", ERR_RETRY   }, /* idle_in_transaction_session_timeout: we were halted */
    {"53",    ERR_RETRY   }, /* insufficient resources */
    {"57",    ERR_RETRY   }, /* operator intervention: failover, shutdown, query_canceled */
    {"22",    ERR_REJECT  }, /* data exception */
    {"23",    ERR_REJECT  }, /* integrity constraint violation */
};

enum err_code pg_sqlstate_code(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LEN(sqlstate_policy); i++) {
        const char *prefix = sqlstate_policy[i].prefix;

        if (strncmp(sqlstate, prefix, strlen(prefix)) == 0)
            return sqlstate_policy[i].code;
    }
    return ERR_FATAL;
}
