/* What a transaction costs that uses two keys and changes nothing, by the serial executor: the
 * library's own work, one callback, and the receipts. The bindings measure the same in their tests.
 */
#include <lockstep.h>
#include <stdio.h>
#include <time.h>

enum { TRANSACTIONS = 10000, RUNS = 30, KEY = 72 };

static ls_code execute(void* user, ls_view* view, ls_call* call) {
    (void)user;
    (void)view;
    return call->use_count == 2 ? LS_OK : LS_FAULT;
}

int main(void) {
    static char keys[50][KEY + 1];
    static ls_use uses[TRANSACTIONS][2];
    static ls_transaction transactions[TRANSACTIONS];
    static ls_receipt receipts[TRANSACTIONS];
    static const uint8_t data[1] = {1};
    for (int i = 0; i < 50; ++i) {
        snprintf(keys[i], sizeof(keys[i]), "account/%03d/%060d", i, 0);
    }
    for (int i = 0; i < TRANSACTIONS; ++i) {
        for (int j = 0; j < 2; ++j) {
            uses[i][j].key.data = (const uint8_t*)keys[i % (50 - j)];
            uses[i][j].key.size = KEY;
            uses[i][j].kind = LS_USE_READ;
        }
        transactions[i].data.data = data;
        transactions[i].data.size = 1;
        transactions[i].uses = uses[i];
        transactions[i].use_count = 2;
    }
    const ls_machine machine = {.size = sizeof(machine), .abi = LS_ABI, .execute = execute};
    const ls_options options = {.size = sizeof(options), .executor = LS_SERIAL};
    ls_chain* chain = NULL;
    if (ls_open(&options, &machine, &chain, NULL) != LS_OK) {
        return 1;
    }
    long best = -1;
    for (int run = 0; run < RUNS; ++run) {
        const ls_block block = {.size = sizeof(block),
                                .height = (uint64_t)run,
                                .transactions = transactions,
                                .count = TRANSACTIONS};
        ls_result* result = NULL;
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        if (ls_execute(chain, &block, 0, &result, NULL) != LS_OK ||
            ls_result_receipts(result, 0, TRANSACTIONS, receipts) != LS_OK) {
            return 1;
        }
        ls_result_free(result);
        clock_gettime(CLOCK_MONOTONIC, &end);
        const long took = (end.tv_sec - start.tv_sec) * 1000000000L + end.tv_nsec - start.tv_nsec;
        best = best < 0 || took < best ? took : best;
    }
    printf("%ld ns a transaction\n", best / TRANSACTIONS);
    return ls_close(chain) != LS_OK;
}
