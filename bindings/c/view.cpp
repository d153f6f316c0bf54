#include "bindings/c/view.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "bindings/c/arguments.hpp"

using lockstep::ByteKey;
using lockstep::ByteValue;
using lockstep::c::array_of;
using lockstep::c::int128_of;
using lockstep::c::key_span;
using lockstep::c::Misuse;
using lockstep::c::value_span;

ls_view::Session::Session(ls_view& view, lockstep::c::AnyView& executor) noexcept : view_(view) {
    view_.executor_ = &executor;
    view_.failed_ = false;
    view_.savepoints_.clear();
    // relaxed: see owner_.
    view_.owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
}
ls_view::Session::~Session() {
    // relaxed: see owner_.
    view_.owner_.store({}, std::memory_order_relaxed);
    view_.executor_ = nullptr;
}
void ls_view::Session::check() const {
    if (view_.failed_) {
        throw std::bad_alloc();
    }
}

bool ls_view::is_mine() const noexcept {
    // relaxed: see owner_.
    return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}
void ls_view::charge(std::size_t bytes) {
    constexpr std::size_t kBytesForAStep = 64;
    if (const std::size_t steps = bytes / kBytesForAStep; steps != 0) {
        static_cast<void>(executor_->consume(steps));
    }
}
ByteKey ls_view::keep(std::span<const std::byte> bytes) {
    charge(bytes.size());
    if (bytes.empty() || stopped()) {
        return ByteKey();
    }
    auto* const copy = arena_.open_array<std::byte>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), copy);
    return ByteKey(std::span<const std::byte>(copy, bytes.size()));
}

ls_code ls_view::make(std::span<const ls_change> changes) {
    bool adds = false;
    for (const ls_change& change : changes) {
        if (change.kind < LS_PUT || change.kind > LS_EVENT) {
            throw Misuse{"a change of no kind"};
        }
        if (change.kind == LS_EVENT && change.event > std::numeric_limits<std::uint16_t>::max()) {
            throw Misuse{"the type of an event has more than 16 bits"};
        }
        static_cast<void>(key_span(change.key));
        static_cast<void>(value_span(change.value));
        adds = adds || change.kind == LS_ADD || change.kind == LS_ADD_WITHIN;
    }
    const auto before =
        adds && changes.size() > 1 ? executor_->savepoint() : lockstep::c::AnyView::Savepoint{};
    for (const ls_change& change : changes) {
        const bool made = make_one(change);
        if (stopped()) {
            return LS_STOP;
        }
        if (!made) {
            if (changes.size() > 1) {
                executor_->rollback(before);
            }
            return LS_REFUSED;
        }
    }
    return LS_OK;
}
bool ls_view::make_one(const ls_change& change) {
    const auto value = value_span(change.value);
    if (change.kind == LS_EVENT) {
        executor_->emit(static_cast<std::uint16_t>(change.event), value);
        return true;
    }
    const ByteKey key = keep(key_span(change.key));
    if (change.kind == LS_ADD) {
        return executor_->add(key, int128_of(change.amount), {});
    }
    if (change.kind == LS_ADD_WITHIN) {
        return executor_->add(key, int128_of(change.amount),
                              {.lower = int128_of(change.lower), .upper = int128_of(change.upper)});
    }
    if (change.kind == LS_ERASE) {
        executor_->erase(key);
        return true;
    }
    charge(value.size());
    executor_->write(key, ByteValue(value));
    return true;
}

namespace {

/// Runs one access of a callback: `act(view)` answers its code.
template <class Do>
ls_code on_view(ls_view* view, Do&& act) noexcept {
    if (view == nullptr || !view->is_mine()) {
        return LS_MISUSE;
    }
    try {
        if (view->stopped()) {
            return LS_STOP;
        }
        const ls_code code = act(*view);
        return view->stopped() ? ls_code{LS_STOP} : code;
    } catch (const Misuse&) {
        return LS_MISUSE;
    } catch (...) {
        view->fail();
        return LS_STOP;
    }
}
template <class T>
void need(const T* pointer) {
    if (pointer == nullptr) {
        throw Misuse{"a pointer is NULL"};
    }
}
ls_bytes answer(const ByteValue* value) noexcept {
    return value != nullptr ? lockstep::c::bytes_of(value->bytes()) : ls_bytes{nullptr, 0};
}
ls_bytes read_one(ls_view& view, const ls_bytes& key) {
    const ByteKey kept = view.keep(key_span(key));
    const ByteValue* const value = view.executor().read(kept);
    return answer(view.stopped() ? nullptr : value);
}

struct HostVisitor {
    ls_visit visit;
    void* user;
    static bool call(void* self, const ByteKey& key, const ByteValue& value) {
        const auto* const host = static_cast<const HostVisitor*>(self);
        return host->visit(host->user, lockstep::c::bytes_of(key.bytes()),
                           lockstep::c::bytes_of(value.bytes())) == LS_OK;
    }
};

}  // namespace

ls_code ls_read(ls_view* view, ls_bytes key, ls_bytes* value) {
    return on_view(view, [&](ls_view& mine) {
        need(value);
        *value = read_one(mine, key);
        return value->data != nullptr ? LS_OK : LS_ABSENT;
    });
}
ls_code ls_read_many(ls_view* view, const ls_bytes* keys, size_t count, ls_bytes* values) {
    return on_view(view, [&](ls_view& mine) {
        const auto all = array_of(keys, count);
        static_cast<void>(array_of(values, count));
        for (const ls_bytes& key : all) {
            static_cast<void>(key_span(key));
        }
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = read_one(mine, all[i]);
        }
        return LS_OK;
    });
}
ls_code ls_exists(ls_view* view, ls_bytes key) {
    return on_view(view, [&](ls_view& mine) {
        return mine.executor().exists(mine.keep(key_span(key))) ? LS_OK : LS_ABSENT;
    });
}
ls_code ls_at_least(ls_view* view, ls_bytes key, ls_int128 amount) {
    return on_view(view, [&](ls_view& mine) {
        return mine.executor().at_least(mine.keep(key_span(key)), int128_of(amount)) ? LS_OK
                                                                                     : LS_ABSENT;
    });
}
ls_code ls_put(ls_view* view, ls_bytes key, ls_bytes value) {
    const ls_change change{.kind = LS_PUT,
                           .event = 0,
                           .key = key,
                           .value = value,
                           .amount = {},
                           .lower = {},
                           .upper = {}};
    return ls_write_many(view, &change, 1);
}
ls_code ls_erase(ls_view* view, ls_bytes key) {
    const ls_change change{.kind = LS_ERASE,
                           .event = 0,
                           .key = key,
                           .value = {},
                           .amount = {},
                           .lower = {},
                           .upper = {}};
    return ls_write_many(view, &change, 1);
}
ls_code ls_add(ls_view* view, ls_bytes key, ls_int128 amount, const ls_int128* lower,
               const ls_int128* upper) {
    return on_view(view, [&](ls_view& mine) {
        lockstep::Bounds bounds;
        bounds.lower = lower != nullptr ? int128_of(*lower) : bounds.lower;
        bounds.upper = upper != nullptr ? int128_of(*upper) : bounds.upper;
        return mine.executor().add(mine.keep(key_span(key)), int128_of(amount), bounds)
                   ? LS_OK
                   : LS_REFUSED;
    });
}
ls_code ls_emit(ls_view* view, uint16_t type, ls_bytes bytes) {
    return on_view(view, [&](ls_view& mine) {
        mine.executor().emit(type, value_span(bytes));
        return LS_OK;
    });
}
ls_code ls_write_many(ls_view* view, const ls_change* changes, size_t count) {
    return on_view(view, [&](ls_view& mine) { return mine.make(array_of(changes, count)); });
}
ls_code ls_scan(ls_view* view, ls_bytes from, ls_bytes to, size_t limit, ls_visit visit, void* user,
                size_t* visited) {
    return on_view(view, [&](ls_view& mine) {
        if (visit == nullptr) {
            throw Misuse{"a callback is NULL"};
        }
        const ByteKey first = mine.keep(key_span(from));
        const ByteKey end =
            to.data != nullptr ? mine.keep(key_span(to)) : lockstep::c::behind_all_keys();
        HostVisitor host{visit, user};
        const std::size_t count =
            mine.executor().scan(first, end, limit, {&HostVisitor::call, &host});
        if (visited != nullptr) {
            *visited = count;
        }
        return LS_OK;
    });
}
ls_code ls_savepoint(ls_view* view, uint32_t* savepoint) {
    return on_view(view, [&](ls_view& mine) {
        need(savepoint);
        if (!mine.executor().consume(1)) {
            return LS_STOP;
        }
        mine.savepoints().push_back(mine.executor().savepoint());
        *savepoint = static_cast<std::uint32_t>(mine.savepoints().size() - 1);
        return LS_OK;
    });
}
ls_code ls_rollback(ls_view* view, uint32_t savepoint) {
    return on_view(view, [&](ls_view& mine) {
        auto& savepoints = mine.savepoints();
        if (savepoint >= savepoints.size()) {
            throw Misuse{"there is no such savepoint"};
        }
        mine.executor().rollback(savepoints[savepoint]);
        savepoints.resize(savepoint + 1);
        return LS_OK;
    });
}
ls_code ls_consume(ls_view* view, uint64_t steps) {
    return on_view(view,
                   [&](ls_view& mine) { return mine.executor().consume(steps) ? LS_OK : LS_STOP; });
}
