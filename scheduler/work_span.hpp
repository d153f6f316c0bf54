#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep {

/// Parts of the work on a block, told apart for those who measure or simulate it.
enum class Work : std::uint8_t {
    kPhase,    ///< begin- and end-of-block phases with their digests; unit: one phase
    kPrepare,  ///< making ready for a block; unit: transaction
    kResolve,  ///< declared keys to cells; unit: transaction
    kLink,     ///< estimates and links; unit: declared access
    kExecute,  ///< the machine's call; unit: one call
    kPublish,  ///< publishing what a call did, and its digest; unit: one call
    kCommit,   ///< validation and commit at the frontier; unit: transaction
    kList,     ///< collecting touched cells; unit: cell
    kInstall,  ///< final values of cells; unit: cell
    kFinish,   ///< receipts, events and shares of the digest; unit: transaction
    kChain,    ///< digest of the block; unit: transaction
};
inline constexpr std::size_t kWorkKinds = static_cast<std::size_t>(Work::kChain) + 1;

/// What stands in the place of a span where no work is metered: nothing.
struct NoSpan {
    explicit constexpr NoSpan(Work /*work*/, std::uint64_t /*which*/ = 0) noexcept {}
    constexpr void done(std::uint64_t /*units*/) const noexcept {}
};

template <class Sync>
struct WorkSpanOf {
    using Type = NoSpan;
};
template <class Sync>
requires requires {
    typename Sync::Span;
}
struct WorkSpanOf<Sync> {
    using Type = typename Sync::Span;
};

/// A stretch of work of one kind on the calling worker: begins with its construction, ends with its
/// destruction, and says on the way how many units are done. Spans may nest. A Sync policy that
/// wants to know brings its own `Span`; the others pay nothing.
template <class Sync>
using WorkSpan = typename WorkSpanOf<Sync>::Type;

}  // namespace lockstep
