/* A bank over byte keys, in C11: the same blocks by every executor, with transactions that say what
 * they use in the block, by `declare`, and not at all. All digests and balances must be equal. */
#include <inttypes.h>
#include <lockstep.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 200, BLOCKS = 12, TRANSFERS = 300, KEY = 96 };
enum mode { GIVEN, DECLARED, SILENT };

typedef struct transfer {
    uint16_t from, to;
    uint32_t amount;
} transfer;

static void require(int holds, const char* what, int line) {
    if (!holds) {
        fprintf(stderr, "bank.c:%d: %s\n", line, what);
        exit(1);
    }
}
#define REQUIRE(holds) require((holds) != 0, #holds, __LINE__)

static ls_bytes bytes(const void* data, size_t size) {
    const ls_bytes out = {data, size};
    return out;
}
static ls_bytes account_key(char* room, unsigned account) {
    const int size = snprintf(
        room, KEY, "bank/balances/account-%05u/ibc-27394FB092D2ECCD56123C74F36E4C1F926001CE",
        account);
    return bytes(room, (size_t)size);
}
static const char fee_key[] = "bank/fees";
static ls_bytes fees(void) {
    return bytes(fee_key, sizeof(fee_key) - 1);
}

static uint64_t number(ls_bytes value) {
    uint64_t out = 0;
    for (size_t i = value.data == NULL ? 0 : value.size; i > 0; --i) {
        out = out << 8 | value.data[i - 1];
    }
    return out;
}
static ls_bytes number_bytes(uint8_t* room, uint64_t value) {
    for (int i = 0; i < 8; ++i) {
        room[i] = (uint8_t)(value >> (8 * i));
    }
    return bytes(room, 8);
}

/* Who has enough pays the amount, and 1 to the fees; who has nothing left has no cell. */
static void settle(const transfer* t, uint64_t* from, uint64_t* to) {
    *from -= t->amount + UINT64_C(1);
    *to += t->amount;
}

/* What execute answers has to stay until the next call of its worker. */
typedef struct desk {
    ls_change changes[4];
    char keys[2][KEY];
    uint8_t values[3][8];
} desk;
typedef struct bank {
    enum mode mode;
    desk desks[4];
} bank;

static ls_change put_or_erase(ls_bytes key, uint8_t* room, uint64_t value) {
    ls_change change;
    memset(&change, 0, sizeof(change));
    change.kind = value == 0 ? LS_ERASE : LS_PUT;
    change.key = key;
    if (value != 0) {
        change.value = number_bytes(room, value);
    }
    return change;
}
static void fill(desk* desk, const transfer* t, uint64_t from, uint64_t to) {
    desk->changes[0] = put_or_erase(account_key(desk->keys[0], t->from), desk->values[0], from);
    desk->changes[1] = put_or_erase(account_key(desk->keys[1], t->to), desk->values[1], to);
    memset(&desk->changes[2], 0, 2 * sizeof(ls_change));
    desk->changes[2].kind = LS_ADD_WITHIN;
    desk->changes[2].key = fees();
    desk->changes[2].amount.low = 1;
    desk->changes[2].upper.high = INT64_MAX;
    desk->changes[3].kind = LS_EVENT;
    desk->changes[3].event = 7;
    desk->changes[3].value = number_bytes(desk->values[2], t->amount);
}
static ls_code execute(void* user, ls_view* view, ls_call* call) {
    bank* const self = user;
    desk* const mine = &self->desks[call->worker];
    transfer t;
    if (call->transaction.size != sizeof(t)) {
        return LS_FAULT;
    }
    memcpy(&t, call->transaction.data, sizeof(t));
    ls_bytes values[2] = {{NULL, 0}, {NULL, 0}};
    if (self->mode == SILENT) {
        const ls_bytes keys[2] = {account_key(mine->keys[0], t.from),
                                  account_key(mine->keys[1], t.to)};
        const ls_code code = ls_read_many(view, keys, 2, values);
        if (code != LS_OK) {
            return code;
        }
    } else {
        REQUIRE(call->use_count == 3 && call->values[2].data == NULL);
        values[0] = call->values[0];
        values[1] = call->values[1];
    }
    uint64_t from = number(values[0]);
    uint64_t to = number(values[1]);
    if (from < t.amount + UINT64_C(1) || t.from == t.to) {
        call->status = 1;
        return LS_OK;
    }
    settle(&t, &from, &to);
    fill(mine, &t, from, to);
    if (self->mode != SILENT) {
        call->changes = mine->changes;
        call->change_count = 4;
        return LS_OK;
    }
    /* One by one, after a detour that is taken back. */
    uint32_t start = 0;
    if (ls_savepoint(view, &start) != LS_OK || ls_erase(view, fees()) != LS_OK ||
        ls_emit(view, 9, fees()) != LS_OK || ls_rollback(view, start) != LS_OK) {
        return LS_STOP;
    }
    return ls_write_many(view, mine->changes, 4);
}
static void declare(void* user, ls_bytes transaction, ls_uses* uses) {
    transfer t;
    char room[KEY];
    if (((bank*)user)->mode == DECLARED && transaction.size == sizeof(t)) {
        memcpy(&t, transaction.data, sizeof(t));
        REQUIRE(ls_declare(uses, account_key(room, t.from), LS_USE_WRITE) == LS_OK);
        REQUIRE(ls_declare(uses, account_key(room, t.to), LS_USE_WRITE) == LS_OK);
        REQUIRE(ls_declare(uses, fees(), LS_USE_ADD) == LS_OK);
    }
}
/* Counts blocks, and sees all accounts in order. */
static ls_code count_account(void* user, ls_bytes key, ls_bytes value) {
    REQUIRE(key.size > 13 && value.size == 8);
    ++*(uint64_t*)user;
    return LS_OK;
}
static ls_code end_block(void* user, ls_view* view, const ls_block* block) {
    uint64_t accounts = 0;
    size_t visited = 0;
    uint8_t room[8];
    (void)user;
    REQUIRE(ls_scan(view, bytes("bank/balances/", 14), bytes("bank/balances0", 14), SIZE_MAX,
                    count_account, &accounts, &visited) == LS_OK);
    REQUIRE(accounts == visited && accounts > 0);
    return ls_put(view, bytes("height", 6), number_bytes(room, block->height * 1000 + accounts));
}

static uint64_t seed;
static uint32_t below(uint32_t bound) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % bound;
}

static void* lend(void* chain) {
    REQUIRE(ls_serve(chain) == LS_OK);
    return NULL;
}

/* Digests of all blocks by one executor, balances of the model beside it. */
static void run(uint32_t executor, uint32_t lent, enum mode mode, ls_digest* digests) {
    static bank bank;
    static uint64_t balances[ACCOUNTS];
    static transfer transfers[TRANSFERS];
    static ls_transaction transactions[TRANSFERS];
    static ls_use uses[TRANSFERS][3];
    static char keys[TRANSFERS][2][KEY];
    bank.mode = mode;
    ls_machine machine = {.size = sizeof(machine),
                          .abi = LS_ABI,
                          .user = &bank,
                          .declare = declare,
                          .execute = execute,
                          .end_block = end_block};
    ls_options options = {
        .size = sizeof(options), .executor = executor, .workers = 3, .lent = lent};
    ls_error error = {.size = sizeof(error)};
    ls_chain* chain = NULL;
    pthread_t helper;
    REQUIRE(ls_open(&options, &machine, &chain, &error) == LS_OK);
    for (uint32_t i = 0; i < lent; ++i) {
        REQUIRE(pthread_create(&helper, NULL, lend, chain) == 0);
    }
    for (unsigned i = 0; i < ACCOUNTS; ++i) {
        char room[KEY];
        uint8_t value[8];
        balances[i] = i % 3 == 0 ? 0 : 1000;
        const ls_change change = put_or_erase(account_key(room, i), value, balances[i]);
        REQUIRE(ls_load(chain, &change, 1, &error) == LS_OK);
    }
    seed = 1;
    uint64_t paid = 0;
    for (uint64_t height = 1; height <= BLOCKS; ++height) {
        for (int i = 0; i < TRANSFERS; ++i) {
            transfer* const t = &transfers[i];
            t->from = (uint16_t)below(ACCOUNTS);
            t->to = (uint16_t)below(height % 2 == 0 ? 5 : ACCOUNTS);
            t->amount = below(400);
            transactions[i].data = bytes(t, sizeof(*t));
            transactions[i].uses = mode == GIVEN ? uses[i] : NULL;
            transactions[i].use_count = mode == GIVEN ? 3 : 0;
            memset(uses[i], 0, sizeof(uses[i]));
            uses[i][0].key = account_key(keys[i][0], t->from);
            uses[i][1].key = account_key(keys[i][1], t->to);
            uses[i][2].key = fees();
            uses[i][0].kind = uses[i][1].kind = LS_USE_WRITE;
            uses[i][2].kind = LS_USE_ADD;
        }
        const ls_block block = {.size = sizeof(block),
                                .flags = mode == SILENT ? 0 : LS_COMPLETE,
                                .height = height,
                                .time_ms = (int64_t)height,
                                .weight_limit = height == 5 ? 250 : 0,
                                .transactions = transactions,
                                .count = TRANSFERS};
        ls_result* result = NULL;
        REQUIRE(ls_execute(chain, &block, 0, &result, &error) == LS_OK);
        ls_summary summary = {.size = sizeof(summary)};
        static ls_receipt receipts[TRANSFERS];
        REQUIRE(ls_result_summary(result, &summary) == LS_OK && summary.receipts == TRANSFERS);
        REQUIRE(ls_result_receipts(result, 0, TRANSFERS, receipts) == LS_OK);
        for (int i = 0; i < TRANSFERS; ++i) {
            const transfer* const t = &transfers[i];
            const int fits = height != 5 || i < 250;
            const int pays = balances[t->from] >= t->amount + UINT64_C(1) && t->from != t->to;
            REQUIRE(receipts[i].disposition == (fits ? LS_EXECUTED : LS_SKIPPED));
            REQUIRE(receipts[i].status == (fits && !pays ? 1 : 0));
            ls_event event;
            if (fits && pays) {
                settle(t, &balances[t->from], &balances[t->to]);
                ++paid;
                REQUIRE(ls_next_event(&receipts[i].events, &event) == LS_OK);
                REQUIRE(event.type == 7 && number(event.bytes) == t->amount);
            }
            REQUIRE(ls_next_event(&receipts[i].events, &event) == LS_ABSENT);
        }
        digests[height - 1] = summary.block;
        ls_result_free(result);
    }
    for (unsigned i = 0; i < ACCOUNTS; ++i) {
        char room[KEY];
        ls_bytes value;
        const ls_code code = ls_get(chain, account_key(room, i), &value);
        REQUIRE(code == (balances[i] == 0 ? LS_ABSENT : LS_OK) && number(value) == balances[i]);
    }
    ls_bytes value;
    REQUIRE(ls_get(chain, fees(), &value) == LS_OK && number(value) == paid && value.size == 16);
    ls_status status = {.size = sizeof(status)};
    REQUIRE(ls_chain_status(chain, &status) == LS_OK && status.blocks == BLOCKS);
    REQUIRE(memcmp(&status.block, &digests[BLOCKS - 1], sizeof(ls_digest)) == 0);
    REQUIRE(executor != LS_PARALLEL || (status.planned > 0) == (mode != SILENT));
    REQUIRE(lent == 0 || ls_dismiss(chain) == LS_OK);
    REQUIRE(lent == 0 || pthread_join(helper, NULL) == 0);
    REQUIRE(ls_close(chain) == LS_OK);
}

int main(void) {
    static ls_digest expected[BLOCKS];
    static ls_digest digests[BLOCKS];
    REQUIRE(ls_abi() == LS_ABI && strlen(ls_version()) >= 5);
    run(LS_SERIAL, 0, SILENT, expected);
    for (uint32_t executor = LS_ADAPTIVE; executor <= LS_SERIAL; ++executor) {
        for (uint32_t lent = 0; lent < 2; ++lent) {
            for (int mode = GIVEN; mode <= SILENT; ++mode) {
                run(executor, lent, (enum mode)mode, digests);
                REQUIRE(memcmp(expected, digests, sizeof(digests)) == 0);
            }
        }
    }
    for (size_t i = 0; i < sizeof(ls_digest); ++i) {
        printf("%02x", expected[BLOCKS - 1].bytes[i]);
    }
    printf("\n");
    return 0;
}
