// What the C interface does with whole blocks and states: proposals, diffs, forks, snapshots.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "tests/bindings/c_chain.hpp"

namespace lockstep::test {
namespace {

struct FreeResult {
    void operator()(ls_result* result) const { ls_result_free(result); }
};
using Result = std::unique_ptr<ls_result, FreeResult>;
using Digest = std::string;

Digest digest(const ls_digest& bytes) {
    return {reinterpret_cast<const char*>(bytes.bytes), sizeof(bytes.bytes)};
}
ls_digest digest_in(const Digest& digest) {
    ls_digest out{};
    std::copy(digest.begin(), digest.end(), out.bytes);
    return out;
}

/// Counts under each byte of a transaction, and erases what has been counted thrice.
ls_code count_letters(ls_view* view, ls_call* call) {
    for (std::size_t i = 0; i < call->transaction.size; ++i) {
        const ls_bytes key{call->transaction.data + i, 1};
        ls_bytes value{};
        const std::string before = ls_read(view, key, &value) == LS_OK ? text(value) : "";
        if (before.size() == 3) {
            ls_erase(view, key);
        } else {
            ls_put(view, key, bytes(before + 'x'));
        }
    }
    return LS_OK;
}

using Cells = std::map<std::string, std::string>;
Cells cells_of(ls_chain* chain) {
    Cells out;
    const auto visit = [](void* user, ls_bytes key, ls_bytes value) -> ls_code {
        static_cast<Cells*>(user)->emplace(text(key), text(value));
        return LS_OK;
    };
    EXPECT_EQ(ls_for_each(chain, {}, {}, SIZE_MAX, visit, &out, nullptr), LS_OK);
    return out;
}
std::vector<ls_diff_entry> diff_of(const Result& result) {
    std::size_t count = 0;
    EXPECT_EQ(ls_diff_size(result.get(), &count), LS_OK);
    std::vector<ls_diff_entry> out(count);
    EXPECT_EQ(ls_diff_entries(result.get(), 0, count, out.data()), LS_OK);
    return out;
}
Result run(Chain& chain, const std::vector<std::string>& transactions, std::uint32_t flags) {
    ls_result* result = nullptr;
    EXPECT_EQ(chain.execute(transactions, flags, &result), LS_OK) << chain.error.message;
    return Result(result);
}
Digest last_block(const Chain& chain) {
    return digest(chain.status().block);
}

class CState : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Executors, CState, testing::Values(LS_PARALLEL, LS_SERIAL));

TEST_P(CState, AProposalLeavesTheStateAndTellsWhatItWouldBe) {
    Chain chain(count_letters, GetParam());
    run(chain, {"ab", "bc"}, 0);
    const Cells before = cells_of(chain.get());
    const Digest block = last_block(chain);
    const std::vector<std::string> next = {"aab", "d", "b"};
    const Result proposal = run(chain, next, LS_DISCARD | LS_DIFF);
    EXPECT_EQ(cells_of(chain.get()), before);
    EXPECT_EQ(last_block(chain), block);
    const Result decision = run(chain, next, LS_DIFF);
    EXPECT_NE(last_block(chain), block);
    ls_summary a{};
    ls_summary b{};
    a.size = b.size = sizeof(a);
    ASSERT_EQ(ls_result_summary(proposal.get(), &a), LS_OK);
    ASSERT_EQ(ls_result_summary(decision.get(), &b), LS_OK);
    EXPECT_EQ(digest(a.block), digest(b.block));
    EXPECT_EQ(digest(a.state), digest(b.state));

    // The diff turns the cells before into those after it, names each once, and in order.
    const auto diff = diff_of(decision);
    ASSERT_EQ(diff.size(), 3U);
    Cells model = before;
    std::string last;
    for (std::size_t i = 0; i < diff.size(); ++i) {
        const std::string key = text(diff[i].key);
        EXPECT_LT(last, key);
        last = key;
        EXPECT_EQ(text(diff[i].before), model.contains(key) ? model[key] : "(none)");
        model[key] = text(diff[i].after);
        if (diff[i].after.data == nullptr) {
            model.erase(key);
        }
        EXPECT_EQ(text(diff_of(proposal)[i].after), text(diff[i].after));
    }
    EXPECT_EQ(model, cells_of(chain.get()));
    EXPECT_FALSE(model.contains("b"));  // counted thrice, and once more
}

TEST_P(CState, BlocksAreTakenBackAndAppliedElsewhere) {
    Chain chain(count_letters, GetParam());
    Chain other(count_letters);
    std::vector<Result> results;
    std::vector<Cells> states{{}};
    std::vector<Digest> blocks{last_block(chain)};
    for (const char* const letters : {"abc", "bcd", "ccc"}) {
        results.push_back(run(chain, {letters, "z"}, LS_DIFF));
        states.push_back(cells_of(chain.get()));
        blocks.push_back(last_block(chain));
    }
    EXPECT_EQ(ls_revert(chain.get(), results[0].get(), nullptr), LS_MISUSE);
    EXPECT_EQ(ls_apply(chain.get(), results[2].get(), nullptr), LS_MISUSE);
    for (std::size_t i = 0; i < results.size(); ++i) {
        ASSERT_EQ(ls_apply(other.get(), results[i].get(), nullptr), LS_OK);
        EXPECT_EQ(cells_of(other.get()), states[i + 1]);
        EXPECT_EQ(last_block(other), blocks[i + 1]);
    }
    for (std::size_t i = results.size(); i > 0; --i) {
        ASSERT_EQ(ls_revert(chain.get(), results[i - 1].get(), nullptr), LS_OK);
        EXPECT_EQ(cells_of(chain.get()), states[i - 1]);
        EXPECT_EQ(last_block(chain), blocks[i - 1]);
    }
    // A state that was loaded in between is another one.
    const ls_change change = put("q", "q");
    ASSERT_EQ(ls_load(other.get(), &change, 1, nullptr), LS_OK);
    EXPECT_EQ(ls_revert(other.get(), results[2].get(), nullptr), LS_MISUSE);
    EXPECT_EQ(last_block(other), blocks[3]);
}

TEST_P(CState, ForksMoveAndDecide) {
    Chain chain(count_letters, GetParam());
    run(chain, {"r"}, 0);
    const auto move = [&](const Digest& to) {
        const ls_digest block = digest_in(to);
        return ls_fork_to(chain.get(), &block);
    };
    const auto decide = [&](const Digest& to) {
        const ls_digest block = digest_in(to);
        return ls_fork_decide(chain.get(), &block);
    };
    const Digest root = last_block(chain);
    const Cells root_cells = cells_of(chain.get());
    EXPECT_EQ(move(root), LS_ABSENT);
    const auto add = [&](const char* letters) {
        const Result result = run(chain, {letters}, LS_DIFF);
        EXPECT_EQ(ls_fork_add(chain.get(), result.get(), nullptr), LS_OK);
        std::size_t count = 0;
        EXPECT_EQ(ls_diff_size(result.get(), &count), LS_MISUSE);  // the chain has it
        EXPECT_EQ(ls_fork_add(chain.get(), result.get(), nullptr), LS_MISUSE);
        return last_block(chain);
    };
    const Digest a = add("a");
    const Digest b = add("b");
    const Cells at_b = cells_of(chain.get());
    ASSERT_EQ(move(root), LS_OK);
    EXPECT_EQ(cells_of(chain.get()), root_cells);
    EXPECT_EQ(last_block(chain), root);
    const Digest c = add("c");
    ASSERT_EQ(move(b), LS_OK);
    EXPECT_EQ(cells_of(chain.get()), at_b);
    EXPECT_EQ(last_block(chain), b);
    ASSERT_EQ(decide(c), LS_OK);  // moves there
    EXPECT_EQ(last_block(chain), c);
    EXPECT_EQ(move(b), LS_ABSENT);
    EXPECT_EQ(decide(a), LS_ABSENT);
    // A block that the tree was not told of leaves it.
    run(chain, {"d"}, 0);
    EXPECT_EQ(move(c), LS_MISUSE);
}

/// The chunks of a snapshot, then its manifest.
struct Snapshot {
    std::vector<std::string> chunks;
    std::string manifest;
    std::size_t refuse_at = SIZE_MAX - 1;  ///< none

    static ls_code take(void* user, std::size_t index, ls_bytes bytes) {
        auto* const self = static_cast<Snapshot*>(user);
        if (index == self->refuse_at) {
            return LS_FAILED;
        }
        EXPECT_TRUE(index == LS_MANIFEST || index == self->chunks.size());
        (index == LS_MANIFEST ? self->manifest : self->chunks.emplace_back()) = text(bytes);
        return LS_OK;
    }
    ls_code save(const Chain& chain) {
        chunks.clear();
        return ls_snapshot(chain.get(), bytes("letters 1"), chain.height, 40, take, this, nullptr);
    }
    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

TEST_P(CState, SnapshotsAreTheSameAndGoOn) {
    Chain chain(count_letters, GetParam());
    Chain serial(count_letters, LS_SERIAL);
    for (const char* const letters : {"the quick", "brown fox", "jumps over"}) {
        run(chain, {letters, "lazy dogs"}, 0);
        run(serial, {letters, "lazy dogs"}, 0);
    }
    Snapshot snapshot;
    Snapshot same;
    ASSERT_EQ(snapshot.save(chain), LS_OK);
    ASSERT_EQ(same.save(serial), LS_OK);
    EXPECT_TRUE(snapshot == same);
    ASSERT_GT(snapshot.chunks.size(), 3U);

    ls_manifest_info info{};
    info.size = sizeof(info);
    ASSERT_EQ(ls_manifest_read(bytes(snapshot.manifest), &info, nullptr), LS_OK);
    EXPECT_EQ(info.height, 3U);
    EXPECT_EQ(info.cells, chain.status().cells);
    EXPECT_EQ(info.chunks, snapshot.chunks.size());
    EXPECT_EQ(digest(info.state), digest(chain.status().state));
    EXPECT_EQ(digest(info.block), last_block(chain));

    ls_error error{};
    error.size = sizeof(error);
    const auto verify = [&](std::size_t index, const std::string& chunk) {
        return ls_chunk_verify(bytes(snapshot.manifest), index, bytes(chunk), &error);
    };
    EXPECT_EQ(verify(1, snapshot.chunks[1]), LS_OK);
    EXPECT_EQ(verify(1, snapshot.chunks[2]), LS_FAILED);
    EXPECT_NE(std::string(error.message).find("was given as chunk 2"), std::string::npos);
    EXPECT_EQ(verify(99, snapshot.chunks[2]), LS_FAILED);

    Chain other(count_letters, GetParam());
    ls_restore* restore = nullptr;
    const auto open = [&](std::string_view machine, const std::string& manifest) {
        return ls_restore_open(other.get(), bytes(machine), bytes(manifest), &restore, &error);
    };
    EXPECT_EQ(open("letters 2", snapshot.manifest), LS_FAILED);
    EXPECT_NE(std::string(error.message).find("'letters 1'"), std::string::npos);
    EXPECT_EQ(open("letters 1", snapshot.manifest.substr(1)), LS_FAILED);
    ASSERT_EQ(open("letters 1", snapshot.manifest), LS_OK);
    for (std::size_t i = snapshot.chunks.size(); i > 1; --i) {
        ASSERT_EQ(ls_restore_chunk(restore, i - 1, bytes(snapshot.chunks[i - 1]), nullptr), LS_OK);
    }
    EXPECT_EQ(ls_restore_finish(restore, &error), LS_FAILED);
    EXPECT_NE(std::string(error.message).find("lacks 1 of its chunks"), std::string::npos);
    EXPECT_EQ(ls_restore_chunk(restore, 1, bytes(snapshot.chunks[1]), &error), LS_FAILED);
    ASSERT_EQ(ls_restore_chunk(restore, 0, bytes(snapshot.chunks[0]), nullptr), LS_OK);
    ASSERT_EQ(ls_restore_finish(restore, nullptr), LS_OK);
    ls_restore_free(restore);
    EXPECT_EQ(last_block(other), last_block(chain));
    other.height = info.height;
    run(other, {"and back"}, 0);
    run(chain, {"and back"}, 0);
    EXPECT_EQ(last_block(other), last_block(chain));
    EXPECT_EQ(open("letters 1", snapshot.manifest), LS_MISUSE);  // it is not empty

    snapshot.refuse_at = 1;
    EXPECT_EQ(snapshot.save(chain), LS_FAILED);
    snapshot.refuse_at = LS_MANIFEST;
    EXPECT_EQ(snapshot.save(chain), LS_FAILED);
}

TEST(CState, MisuseIsAnswered) {
    Chain chain(count_letters);
    EXPECT_EQ(chain.execute({"a"}, 4), LS_MISUSE);
    ls_block block{};
    block.size = sizeof(block);
    EXPECT_EQ(ls_execute(chain.get(), &block, LS_DIFF, nullptr, nullptr), LS_MISUSE);
    const Result plain = run(chain, {"a"}, 0);
    const Result changed = run(chain, {"a"}, LS_DIFF);
    std::size_t count = 0;
    ls_diff_entry entry{};
    EXPECT_EQ(ls_diff_size(plain.get(), &count), LS_MISUSE);
    EXPECT_EQ(ls_diff_size(nullptr, &count), LS_MISUSE);
    EXPECT_EQ(ls_diff_size(changed.get(), nullptr), LS_MISUSE);
    EXPECT_EQ(ls_diff_entries(changed.get(), 1, 1, &entry), LS_MISUSE);
    EXPECT_EQ(ls_diff_entries(changed.get(), 0, SIZE_MAX, &entry), LS_MISUSE);
    EXPECT_EQ(ls_diff_entries(changed.get(), 0, 1, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_diff_entries(changed.get(), 0, 1, &entry), LS_OK);
    EXPECT_EQ(ls_revert(nullptr, changed.get(), nullptr), LS_MISUSE);
    EXPECT_EQ(ls_revert(chain.get(), nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_apply(chain.get(), plain.get(), nullptr), LS_MISUSE);
    EXPECT_EQ(ls_fork_add(chain.get(), nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_fork_to(chain.get(), nullptr), LS_MISUSE);
    EXPECT_EQ(ls_fork_decide(nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_snapshot(chain.get(), {}, 0, 0, nullptr, nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_restore_open(chain.get(), {}, {}, nullptr, nullptr), LS_FAILED);
    EXPECT_EQ(ls_restore_chunk(nullptr, 0, {}, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_restore_finish(nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_manifest_read({nullptr, 5}, nullptr, nullptr), LS_MISUSE);
    ls_restore_free(nullptr);
    ls_result_free(nullptr);
}

}  // namespace
}  // namespace lockstep::test
