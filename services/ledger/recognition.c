#include "services/ledger/recognition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/kafka/kafka.h"

static bool is_other_id(const char *known, const char *seen)
{
    return *known != '\0' && *seen != '\0' && strcmp(known, seen) != 0;
}

const char *ledger_recognition_difference(const struct ledger_partition *partition,
                                          const struct ledger_sight *sight)
{
    const struct ledger_anchor *anchor = &partition->anchor;

    if (partition->next_offset == 0 && anchor->offset < 0)
        return NULL;
    if (is_other_id(partition->cluster_id, sight->cluster_id))
        return "it is on another cluster";
    if (is_other_id(partition->topic_id, sight->topic_id))
        return "the topic has another id";
    if (sight->high < partition->next_offset || sight->high <= anchor->offset)
        return "it ends before records that were applied";
    if (anchor->offset < sight->low)
        return NULL;
    return sight->anchor.offset == anchor->offset &&
                   memcmp(sight->anchor.hash, anchor->hash, sizeof(anchor->hash)) == 0
               ? NULL
               : "another record stands where one was applied";
}

static bool look_at_anchor(struct kafka_probe *probe, int32_t number,
                           const struct ledger_partition *partition, struct ledger_sight *sight,
                           struct err *err)
{
    int64_t offset = partition->anchor.offset;
    const struct kafka_record *record = NULL;

    sight->anchor.offset = -1;
    if (offset < sight->low || offset >= sight->high)
        return true;
    if (!kafka_probe_record(probe, number, offset, &record, err))
        return false;
    if (record != NULL)
        sight->anchor = ledger_partition_anchor(record->offset, record->timestamp_ms, record->key,
                                                record->body, record->body_len);
    return true;
}

bool ledger_recognition_look(const char *brokers, const char *topic, const int32_t *numbers,
                             size_t count, struct ledger_partition *all, const char **ret_new,
                             struct err *err)
{
    SCOPED(kafka_probe) struct kafka_probe *probe = kafka_probe_new(brokers, topic, err);
    struct ledger_sight sight = {0};

    if (probe == NULL || !kafka_probe_identify(probe, &sight.cluster_id, &sight.topic_id, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct ledger_partition *partition = &all[numbers[i]];

        if (!kafka_probe_watermarks(probe, numbers[i], &sight.low, &sight.high, err) ||
            !look_at_anchor(probe, numbers[i], partition, &sight, err))
            return false;
        ret_new[i] = ledger_recognition_difference(partition, &sight);
        if (ret_new[i] == NULL && partition->next_offset > 0 && sight.low > partition->next_offset)
            return err_set(err, ERR_FATAL,
                           "'%s' partition %" PRId32 ": the next record to read has offset %" PRId64
                           ", the broker holds %" PRId64 " to %" PRId64
                           ": retention removed records that were never read",
                           topic, numbers[i], partition->next_offset, sight.low, sight.high - 1);
        if (*sight.cluster_id != '\0')
            snprintf(partition->cluster_id, sizeof(partition->cluster_id), "%s", sight.cluster_id);
        if (*sight.topic_id != '\0')
            snprintf(partition->topic_id, sizeof(partition->topic_id), "%s", sight.topic_id);
    }
    return true;
}
