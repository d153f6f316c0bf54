#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "bindings/c/any_view.hpp"
#include "bindings/c/lockstep.h"
#include "engine/base/arena.hpp"

/// The view that callbacks of one worker get: one after the other, for the executor at hand.
///
/// Role:    checks who asks for what, and keeps what the executor would throw from the host.
/// Threads: the one that is called back; others are turned away.
struct ls_view {
  public:
    /// `arena`: for keys, until the block ends.
    explicit ls_view(lockstep::Arena& arena) noexcept : arena_(arena) {}

    /// Opens the view for one callback.
    class Session {
      public:
        Session(ls_view& view, lockstep::c::AnyView& executor) noexcept;
        ~Session();
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;
        /// After the callback: throws std::bad_alloc where an access did.
        void check() const;

      private:
        ls_view& view_;
    };

    /// Whether the calling thread may use the view.
    [[nodiscard]] bool is_mine() const noexcept;
    [[nodiscard]] bool stopped() const { return failed_ || executor_->stopped(); }
    /// The executor's view. REQUIRES: is_mine().
    [[nodiscard]] lockstep::c::AnyView& executor() noexcept { return *executor_; }
    /// A key over a copy of its bytes that lasts until the block ends; its length is charged.
    [[nodiscard]] lockstep::ByteKey keep(std::span<const std::byte> bytes);
    /// Charges for bytes that an access is given.
    void charge(std::size_t bytes);
    /// All changes in their order, or none: LS_REFUSED. Throws Misuse before any is made.
    ls_code make(std::span<const ls_change> changes);
    [[nodiscard]] std::vector<lockstep::c::AnyView::Savepoint>& savepoints() noexcept {
        return savepoints_;
    }
    void fail() noexcept { failed_ = true; }

  private:
    bool make_one(const ls_change& change);

    lockstep::Arena& arena_;
    lockstep::c::AnyView* executor_ = nullptr;
    // owner_: the thread that is called back; none between callbacks.
    //   writers: the worker   readers: any thread of the host that has the view
    //   publish: nothing: a thread finds itself only after it has written itself.
    std::atomic<std::thread::id> owner_{};
    bool failed_ = false;  ///< an access threw: all others are refused
    std::vector<lockstep::c::AnyView::Savepoint> savepoints_;
};
