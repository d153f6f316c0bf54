#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/digest.hpp"

namespace lockstep {

/// Machines that divide their state into modules (accounts, positions, markets …), so that a
/// difference of two states has a place:
///
///   static constexpr std::array<std::string_view, N> kModules   names, in the order of the sums
///   static std::size_t module(Key)                              index of the module of a key, < N
template <class M>
concept NamesModules = requires(const typename M::Key& key) {
    { M::kModules.size() } -> std::convertible_to<std::size_t>;
    { M::module(key) } -> std::same_as<std::size_t>;
};

/// Names of a machine's modules; empty when it has none.
template <class M>
[[nodiscard]] constexpr std::span<const std::string_view> module_names() noexcept {
    if constexpr (NamesModules<M>) {
        return M::kModules;
    } else {
        return {};
    }
}

/// The additive state digest, one sum per module of the machine.
///
/// Role:    what the store keeps, and a worker's share of a change of it: sums wrap, so a share may
///          stand for a net removal.
/// Threads: one.
template <class M>
class StateSums {
  public:
    using Key = typename M::Key;
    static constexpr std::size_t kCount = NamesModules<M> ? module_names<M>().size() : 1;

    StateSums() = default;
    /// One by one as `all` gives them: by module, or one of a machine without modules.
    explicit StateSums(const std::array<Digest, kCount>& sums) noexcept : sums_(sums) {}
    [[nodiscard]] const std::array<Digest, kCount>& all() const noexcept { return sums_; }

    void add(const Key& key, const Digest& term) noexcept { sums_[sum_of(key)] += term; }
    void remove(const Key& key, const Digest& term) noexcept { sums_[sum_of(key)] -= term; }
    StateSums& operator+=(const StateSums& other) noexcept {
        for (std::size_t i = 0; i < kCount; ++i) {
            sums_[i] += other.sums_[i];
        }
        return *this;
    }

    StateSums& operator-=(const StateSums& other) noexcept {
        for (std::size_t i = 0; i < kCount; ++i) {
            sums_[i] -= other.sums_[i];
        }
        return *this;
    }

    [[nodiscard]] Digest total() const noexcept {
        Digest sum;
        for (const Digest& part : sums_) {
            sum += part;
        }
        return sum;
    }
    /// One sum per name in module_names; empty when the machine has none.
    [[nodiscard]] std::vector<Digest> modules() const {
        return NamesModules<M> ? std::vector<Digest>(sums_.begin(), sums_.end())
                               : std::vector<Digest>();
    }

    friend bool operator==(const StateSums&, const StateSums&) = default;

  private:
    static std::size_t sum_of(const Key& key) noexcept {
        if constexpr (NamesModules<M>) {
            return M::module(key);
        } else {
            return 0;
        }
    }

    std::array<Digest, kCount> sums_{};
};

}  // namespace lockstep
