#include "tools/stockctl/verify.h"

bool stockctl_verify_rows(struct verify *verify, struct err *err)
{
    stockctl_proof_end(verify->proof);
    if (!stockctl_verify_statuses(verify, err))
        return false;
    for (size_t i = 0; i < PROOF_TABLES; i++) {
        int64_t checked = 0;

        if (!stockctl_compare_table(verify->pg, stockctl_proof_rows(verify->proof, i),
                                    &verify->differences, &checked, err))
            return false;
        if (i == PROOF_POSITIONS)
            verify->positions = checked;
        verify->rows += checked;
    }
    return true;
}
