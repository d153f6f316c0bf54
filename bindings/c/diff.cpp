// What a block changed, by the C interface: to be read, taken back, applied, and kept undecided.
#include "bindings/c/arguments.hpp"
#include "bindings/c/chain.hpp"

using namespace lockstep;
using namespace lockstep::c;

namespace {

using Diff = BlockDiff<ls_chain::Machine>;

const Diff& diff_of(const ls_result* result) {
    if (result == nullptr || !result->diff) {
        throw Misuse{"the result has no diff"};
    }
    return *result->diff;
}
ls_bytes value_bytes(const ByteValue* value) {
    return value != nullptr ? bytes_of(value->bytes()) : ls_bytes{};
}
const Digest& known_digest(const ls_digest* bytes, Digest& out) {
    if (bytes == nullptr) {
        throw Misuse{"no digest"};
    }
    return out = digest_from(*bytes);
}
/// Makes the chain stand where a diff begins or ends.
ls_code turn(ls_chain* chain, const ls_result* result, ls_error* error, bool back) {
    return guarded(error, [&] {
        const ls_chain::Use use(chain);
        const Diff& diff = diff_of(result);
        if (chain->last_block() != (back ? diff.block_after() : diff.block_before())) {
            throw Misuse{back ? "the block is not the last one of the chain"
                              : "the block does not stand on the last one of the chain"};
        }
        if (!(back ? diff.revert(chain->store) : diff.apply(chain->store))) {
            throw Misuse{"the state is another one"};
        }
        chain->continue_from(back ? diff.block_before() : diff.block_after());
        return ls_code{LS_OK};
    });
}
/// Calls `move(forks, digest)`; the chain goes on from the tip.
template <class Move>
ls_code moved(ls_chain* chain, const ls_digest* block, Move&& move) {
    return guarded(nullptr, [&] {
        const ls_chain::Use use(chain);
        Digest digest;
        known_digest(block, digest);
        if (!chain->forks || !chain->forks->knows(digest)) {
            return ls_code{LS_ABSENT};
        }
        if (chain->forks->tip() != chain->last_block() || !move(*chain->forks, digest)) {
            throw Misuse{"the chain has left its forks"};
        }
        chain->continue_from(chain->forks->tip());
        return ls_code{LS_OK};
    });
}

}  // namespace

ls_code ls_diff_size(const ls_result* result, size_t* count) {
    return guarded(nullptr, [&] {
        if (count == nullptr) {
            throw Misuse{"nowhere to put the number"};
        }
        *count = diff_of(result).size();
        return ls_code{LS_OK};
    });
}
ls_code ls_diff_entries(const ls_result* result, size_t first, size_t count,
                        ls_diff_entry* entries) {
    return guarded(nullptr, [&] {
        static_cast<void>(array_of(entries, count));
        const Diff& diff = diff_of(result);
        if (first > diff.size() || count > diff.size() - first) {
            throw Misuse{"there are no such changes"};
        }
        for (std::size_t i = 0; i < count; ++i) {
            const Diff::Change change = diff[first + i];
            entries[i] = {.key = bytes_of(change.key.bytes()),
                          .before = value_bytes(change.before),
                          .after = value_bytes(change.after)};
        }
        return ls_code{LS_OK};
    });
}
ls_code ls_revert(ls_chain* chain, const ls_result* result, ls_error* error) {
    return turn(chain, result, error, true);
}
ls_code ls_apply(ls_chain* chain, const ls_result* result, ls_error* error) {
    return turn(chain, result, error, false);
}

ls_code ls_fork_add(ls_chain* chain, ls_result* result, ls_error* error) {
    return guarded(error, [&] {
        const ls_chain::Use use(chain);
        const Diff& diff = diff_of(result);
        if (chain->last_block() != diff.block_after()) {
            throw Misuse{"the block is not the last one of the chain"};
        }
        if (!chain->forks) {
            chain->forks.emplace(chain->store, diff.block_before());
        }
        Forks<ls_chain::Machine>& forks = *chain->forks;
        if (forks.tip() != diff.block_before() || forks.knows(diff.block_after()) ||
            chain->store.digest() != diff.state_after()) {
            throw Misuse{"the block does not stand on the tip of the forks, or is known"};
        }
        static_cast<void>(forks.add(std::move(*result->diff)));
        result->diff.reset();
        return ls_code{LS_OK};
    });
}
ls_code ls_fork_to(ls_chain* chain, const ls_digest* block) {
    return moved(chain, block, [](auto& forks, const Digest& to) { return forks.move_to(to); });
}
ls_code ls_fork_decide(ls_chain* chain, const ls_digest* block) {
    return moved(chain, block, [](auto& forks, const Digest& to) { return forks.decide(to); });
}
