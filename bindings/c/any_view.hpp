#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/bytes/byte_state.hpp"
#include "engine/contract/machine.hpp"

namespace lockstep::c {

/// Called for the cells of a scan; false ends it.
struct Visitor {
    bool (*visit)(void* self, const ByteKey& key, const ByteValue& value);
    void* self;
};

/// A view of any executor.
class AnyView {
  public:
    using Savepoint = std::array<std::size_t, 2>;

    AnyView() = default;
    AnyView(const AnyView&) = delete;
    AnyView& operator=(const AnyView&) = delete;
    virtual const ByteValue* read(const ByteKey& key) = 0;
    virtual bool exists(const ByteKey& key) = 0;
    virtual bool at_least(const ByteKey& key, Int128 amount) = 0;
    virtual void write(const ByteKey& key, const ByteValue& value) = 0;
    virtual void erase(const ByteKey& key) = 0;
    virtual bool add(const ByteKey& key, Int128 amount, const Bounds& bounds) = 0;
    virtual std::size_t scan(const ByteKey& from, const ByteKey& to, std::size_t limit,
                             const Visitor& visitor) = 0;
    virtual void emit(std::uint16_t type, std::span<const std::byte> bytes) = 0;
    virtual Savepoint savepoint() = 0;
    virtual void rollback(const Savepoint& savepoint) = 0;
    virtual bool consume(std::uint64_t steps) = 0;
    [[nodiscard]] virtual bool stopped() const = 0;

  protected:
    ~AnyView() = default;
};

/// The view of one executor behind that interface.
template <class View>
class ViewOf final : public AnyView {
  public:
    explicit ViewOf(View& view) noexcept : view_(view) {}

    const ByteValue* read(const ByteKey& key) override { return view_.read(key); }
    bool exists(const ByteKey& key) override { return view_.exists(key); }
    bool at_least(const ByteKey& key, Int128 amount) override {
        return view_.at_least(key, amount);
    }
    void write(const ByteKey& key, const ByteValue& value) override { view_.write(key, value); }
    void erase(const ByteKey& key) override { view_.erase(key); }
    bool add(const ByteKey& key, Int128 amount, const Bounds& bounds) override {
        return view_.add(key, amount, bounds);
    }
    std::size_t scan(const ByteKey& from, const ByteKey& to, std::size_t limit,
                     const Visitor& visitor) override {
        return view_.scan(from, to, limit, [&](const ByteKey& key, const ByteValue& value) {
            return visitor.visit(visitor.self, key, value);
        });
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) override {
        view_.emit(type, bytes);
    }
    // tidy: allow(raw_bytes) two sizes, whoever names them
    Savepoint savepoint() override { return std::bit_cast<Savepoint>(view_.savepoint()); }
    void rollback(const Savepoint& savepoint) override {
        // tidy: allow(raw_bytes) two sizes, whoever names them
        view_.rollback(std::bit_cast<typename View::Savepoint>(savepoint));
    }
    bool consume(std::uint64_t steps) override { return view_.consume(steps); }
    [[nodiscard]] bool stopped() const override { return view_.stopped(); }

  private:
    View& view_;
};

}  // namespace lockstep::c
