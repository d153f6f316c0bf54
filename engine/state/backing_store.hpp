#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/contract/machine.hpp"
#include "engine/state/state_sums.hpp"

namespace lockstep {

/// What a backing store says of a key.
enum class Load : std::uint8_t {
    kAbsent,  ///< there is no value under it
    kFound,
    kFailed,  ///< it cannot be told: the block fails, never a transaction
};

/// The answer to one key.
template <class Value>
struct Loaded {
    Load load = Load::kAbsent;
    Value value{};           ///< where found
    std::string cause = {};  ///< where failed, in words
};

/// Where the cells of a StateStore come from that are not in memory: a database, as a rule.
///
/// Role:    the embedder's. It answers for every key that has not been loaded since the store was
///          given to it, or has been evicted since; what was committed meanwhile of other keys may
///          be written to it at leisure, from block diffs.
/// Threads: `load_many` is called by any workers, several at once; never twice for a key in a
/// block.
template <Machine M>
class BackingStore {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    BackingStore() = default;
    BackingStore(const BackingStore&) = delete;
    BackingStore& operator=(const BackingStore&) = delete;
    virtual ~BackingStore() = default;

    /// Answers key i in `answers[i]`, which is absent until then. All declared keys of some
    /// transactions that are not in memory come in one call; other keys come alone.
    virtual void load_many(std::span<const Key> keys,
                           std::span<Loaded<Value>> answers) noexcept = 0;
};

/// What is known of a whole state whose cells are elsewhere.
template <Machine M>
struct StateBase {
    StateSums<M> sums;      ///< of all present cells
    std::size_t cells = 0;  ///< how many they are
};

}  // namespace lockstep
