#pragma once

#include <array>
#include <cstddef>

namespace lockstep {

/// The cells of units that a transaction has met lately: those that it did not declare themselves.
///
/// Role:    a member of a unit is searched in the store once, not at every use. Transactions that
///          use more of them than fit mostly go from unit to unit, so the newest stay.
/// Threads: one.
/// Cost:    a comparison for uses in the order of the ones before, kMax for a key not met.
template <class Key, class Use>
class UnitMembers {
  public:
    static constexpr std::size_t kMax = 32;

    void clear() noexcept { met_ = next_ = 0; }
    /// Null when it has not been met, or too long ago.
    [[nodiscard]] const Use* find(const Key& key) noexcept {
        const std::size_t count = met_ < kMax ? met_ : kMax;
        for (std::size_t i = 0; i < count; ++i) {
            const Use& member = members_[next_];
            next_ = next_ + 1 < count ? next_ + 1 : 0;
            if (member.cell->key == key) {
                return &member;
            }
        }
        return nullptr;
    }
    const Use& remember(const Use& member) noexcept { return members_[met_++ % kMax] = member; }

  private:
    std::array<Use, kMax> members_{};
    std::size_t met_ = 0;
    std::size_t next_ = 0;  ///< where the next key is looked for first
};

}  // namespace lockstep
