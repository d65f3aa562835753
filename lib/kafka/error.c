#include "lib/kafka/internal.h"

/* What is not listed is the cluster's weather: ERR_RETRY. */
static const struct {
    rd_kafka_resp_err_t code;
    enum err_code class;
} error_classes[] = {
    /* This record, or this wish, is bad for ever. */
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,                  ERR_REJECT},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,                    ERR_REJECT},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,               ERR_REJECT},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD,                      ERR_REJECT}, /* no key, compacted */
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,                   ERR_REJECT},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,                  ERR_REJECT},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,                     ERR_REJECT}, /* invalid name */
    {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS,                  ERR_REJECT},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,          ERR_REJECT},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG,                      ERR_REJECT},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION,                    ERR_REJECT},
    /* This client is dead. */
    {RD_KAFKA_RESP_ERR__FATAL,                              ERR_FATAL },
    {RD_KAFKA_RESP_ERR__FENCED,                             ERR_FATAL },
    {RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE,                  ERR_FATAL },
    {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,        ERR_FATAL },
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,              ERR_FATAL },
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,                  ERR_FATAL },
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,                  ERR_FATAL },
    {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,                 ERR_FATAL },
    /* Settings, rights or versions are wrong; a restart shows it to the operator. */
    {RD_KAFKA_RESP_ERR__AUTHENTICATION,                     ERR_FATAL },
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,          ERR_FATAL },
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM,          ERR_FATAL },
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,          ERR_FATAL },
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,          ERR_FATAL },
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,        ERR_FATAL },
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,                 ERR_FATAL },
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,                ERR_FATAL },
    {RD_KAFKA_RESP_ERR_INVALID_GROUP_ID,                    ERR_FATAL },
    {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL,         ERR_FATAL },
    {RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,             ERR_FATAL },
    {RD_KAFKA_RESP_ERR__INVALID_ARG,                        ERR_FATAL },
    {RD_KAFKA_RESP_ERR__STATE,                              ERR_FATAL },
};

enum err_code kafka_error_class(rd_kafka_resp_err_t code)
{
    for (size_t i = 0; i < ARRAY_LEN(error_classes); i++) {
        if (error_classes[i].code == code)
            return error_classes[i].class;
    }
    return ERR_RETRY;
}

bool kafka_error_set(struct err *err, rd_kafka_t *rk, rd_kafka_resp_err_t code, const char *what)
{
    enum err_code class = kafka_error_class(code);
    char cause[256];

    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(rk, cause, sizeof(cause));

        if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
            return err_set(err, class, "%s: %s: %s", what, rd_kafka_err2name(fatal), cause);
    }
    return err_set(err, class, "%s: %s: %s", what, rd_kafka_err2name(code),
                   rd_kafka_err2str(code));
}
