// What the C interface asks of a chain between blocks, and of results.
#include "bindings/c/arguments.hpp"
#include "bindings/c/chain.hpp"

using namespace lockstep;
using namespace lockstep::c;

ls_code ls_load(ls_chain* chain, const ls_change* changes, size_t count, ls_error* error) {
    return guarded(error, [&] {
        const ls_chain::Use use(chain);
        const auto all = array_of(changes, count);
        for (const ls_change& change : all) {
            if (change.kind != LS_PUT && change.kind != LS_ERASE) {
                throw Misuse{"a state is loaded by LS_PUT and LS_ERASE"};
            }
            static_cast<void>(key_span(change.key));
            static_cast<void>(value_span(change.value));
        }
        for (const ls_change& change : all) {
            const ByteKey key(key_span(change.key));
            const ByteValue value(change.kind == LS_PUT ? value_span(change.value)
                                                        : std::span<const std::byte>());
            chain->store.set(key, change.kind == LS_PUT ? &value : nullptr);
        }
        return ls_code{LS_OK};
    });
}
ls_code ls_get(ls_chain* chain, ls_bytes key, ls_bytes* value) {
    return guarded(nullptr, [&] {
        const ls_chain::Use use(chain);
        if (value == nullptr) {
            throw Misuse{"nowhere to put the value"};
        }
        const ByteValue* const found = chain->store.get(ByteKey(key_span(key)));
        *value = found != nullptr ? bytes_of(found->bytes()) : ls_bytes{};
        return ls_code{found != nullptr ? LS_OK : LS_ABSENT};
    });
}
ls_code ls_for_each(ls_chain* chain, ls_bytes from, ls_bytes to, size_t limit, ls_visit visit,
                    void* user, size_t* visited) {
    return guarded(nullptr, [&] {
        const ls_chain::Use use(chain);
        if (visit == nullptr) {
            throw Misuse{"a callback is NULL"};
        }
        const ByteKey end = to.data != nullptr ? ByteKey(key_span(to)) : behind_all_keys();
        const auto& keys = chain->store.keys().indexed();
        std::size_t count = 0;
        for (auto at = keys.lower_bound(ByteKey(key_span(from)));
             at != keys.end() && at->first < end && count < limit; ++at) {
            ++count;
            const ByteValue* const value = chain->store.cell(at->second).get();
            if (visit(user, bytes_of(at->first.bytes()), bytes_of(value->bytes())) != LS_OK) {
                break;
            }
        }
        if (visited != nullptr) {
            *visited = count;
        }
        return ls_code{LS_OK};
    });
}
ls_code ls_chain_status(ls_chain* chain, ls_status* status) {
    return guarded(nullptr, [&] {
        const ls_chain::Use use(chain);
        write_struct(status, {.size = 0,
                              .reserved = 0,
                              .cells = chain->store.size(),
                              .state = digest_bytes(chain->store.digest()),
                              .block = digest_bytes(chain->last_block()),
                              .blocks = chain->blocks,
                              .transactions = chain->metrics.transactions,
                              .executions = chain->metrics.executions,
                              .planned = chain->metrics.planned,
                              .fallbacks = chain->metrics.fallbacks});
        return ls_code{LS_OK};
    });
}
ls_code ls_continue_from(ls_chain* chain, const ls_digest* block) {
    return guarded(nullptr, [&] {
        const ls_chain::Use use(chain);
        if (block == nullptr) {
            throw Misuse{"no digest"};
        }
        chain->continue_from(digest_from(*block));
        return ls_code{LS_OK};
    });
}

ls_code ls_result_summary(const ls_result* result, ls_summary* summary) {
    return guarded(nullptr, [&] {
        if (result == nullptr) {
            throw Misuse{"no result"};
        }
        const BlockResult& all = result->result;
        write_struct(summary, {.size = 0,
                               .reserved = 0,
                               .height = all.header.height,
                               .receipts = all.receipts.size(),
                               .state = digest_bytes(all.state),
                               .block = digest_bytes(all.block),
                               .events = bytes_of(all.events)});
        return ls_code{LS_OK};
    });
}
ls_code ls_result_receipts(const ls_result* result, size_t first, size_t count,
                           ls_receipt* receipts) {
    return guarded(nullptr, [&] {
        static_cast<void>(array_of(receipts, count));
        if (result == nullptr || first > result->result.receipts.size() ||
            count > result->result.receipts.size() - first) {
            throw Misuse{"there are no such receipts"};
        }
        for (std::size_t i = 0; i < count; ++i) {
            const Receipt& receipt = result->result.receipts[first + i];
            receipts[i] = {.status = receipt.status,
                           .disposition = static_cast<std::uint8_t>(receipt.disposition),
                           .reserved = {},
                           .weight = receipt.weight,
                           .effects = digest_bytes(receipt.effects),
                           .events = bytes_of(result->result.events_of(receipt))};
        }
        return ls_code{LS_OK};
    });
}
ls_code ls_next_event(ls_bytes* events, ls_event* event) {
    return guarded(nullptr, [&] {
        if (events == nullptr || event == nullptr) {
            throw Misuse{"a pointer is NULL"};
        }
        if (events->size == 0) {
            return ls_code{LS_ABSENT};
        }
        ByteReader in(span_of(*events, SIZE_MAX));
        const auto type = in.get<std::uint16_t>();
        const auto bytes = in.get_bytes();
        if (!in.ok()) {
            throw Misuse{"these are no events"};
        }
        *event = {.type = type, .bytes = bytes_of(bytes)};
        events->data += events->size - in.remaining();
        events->size = in.remaining();
        return ls_code{LS_OK};
    });
}
void ls_result_free(ls_result* result) {
    delete result;
}
