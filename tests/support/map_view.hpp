#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "accounts/cell.hpp"
#include "accounts/state_key.hpp"
#include "engine/base/access.hpp"

namespace lockstep::test {

/// A state in a map, with the members of a view that account code uses.
class MapView {
  public:
    [[nodiscard]] const Cell* read(const StateKey& key) const {
        const auto found = cells_.find(key);
        return found == cells_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] bool exists(const StateKey& key) const { return cells_.contains(key); }
    [[nodiscard]] Cell* change(const StateKey& key) {
        const auto found = cells_.find(key);
        return found == cells_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] static bool stopped() noexcept { return false; }
    void write(const StateKey& key, const Cell& cell) { cells_[key] = cell; }
    void erase(const StateKey& key) { cells_.erase(key); }
    [[nodiscard]] bool add(const StateKey& key, Int128 amount, const Bounds& bounds) {
        Cell& cell = cells_[key];
        Int128 sum = 0;
        if (__builtin_add_overflow(cell.number(), amount, &sum) || !bounds.contain(sum)) {
            return false;
        }
        cell.set_number(sum);
        return true;
    }
    [[nodiscard]] const std::map<StateKey, Cell>& cells() const noexcept { return cells_; }

  private:
    std::map<StateKey, Cell> cells_;
};

}  // namespace lockstep::test
