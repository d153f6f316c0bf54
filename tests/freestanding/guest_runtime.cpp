// What a bare riscv64 machine lacks: a start, memory, a way to print and to stop. For the `virt`
// machine of QEMU. Floating point stays switched off, so that an instruction of that kind traps.

#include <cstddef>
#include <cstdint>
#include <new>

extern "C" {

void guest_main();
extern std::byte guest_heap_begin[];
extern std::byte guest_heap_end[];

void* memset(void* to, int value, std::size_t size);
void* memcpy(void* to, const void* from, std::size_t size);
void* memmove(void* to, const void* from, std::size_t size);
int memcmp(const void* a, const void* b, std::size_t size);
std::size_t strlen(const char* text);
void guest_put(const char* text, unsigned long size);
[[noreturn]] void guest_stop(unsigned code);
[[noreturn]] void guest_trap();
[[noreturn]] void guest_run();
[[noreturn]] void abort();
int __cxa_atexit(void (*)(void*), void*, void*);
void* __dso_handle = nullptr;
}

asm(R"(
.section .text.start
.globl _start
_start:
    la sp, guest_stack_end
    la t0, guest_trap
    csrw mtvec, t0
    csrw mstatus, zero
    call guest_run
)");

namespace {

/// A device register.
[[nodiscard]] auto* device(std::uintptr_t address) {
    return reinterpret_cast<volatile std::uint32_t*>(address);  // tidy: allow(banned) a device
}
constexpr std::uintptr_t kSerialPort = 0x1000'0000;
constexpr std::uintptr_t kPower = 0x10'0000;
constexpr std::uint32_t kPass = 0x5555;
constexpr std::uint32_t kFail = 0x3333;

std::byte* heap = guest_heap_begin;

void say(const char* text) {
    guest_put(text, strlen(text));
}

}  // namespace

extern "C" {

void guest_put(const char* text, unsigned long size) {
    for (unsigned long i = 0; i < size; ++i) {
        // tidy: allow(banned) a device
        *reinterpret_cast<volatile std::uint8_t*>(device(kSerialPort)) =
            static_cast<std::uint8_t>(text[i]);
    }
}
void guest_stop(unsigned code) {
    *device(kPower) = code == 0 ? kPass : kFail | code << 16;
    for (;;) {
    }
}
void guest_trap() {
    say("trap\n");
    guest_stop(2);
}
void guest_run() {
    guest_main();
    guest_stop(0);
}
void abort() {
    say("abort\n");
    guest_stop(3);
}
int __cxa_atexit(void (*)(void*), void*, void*) {
    return 0;
}  // the machine just stops

void* memset(void* to, int value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        static_cast<unsigned char*>(to)[i] = static_cast<unsigned char>(value);
    }
    return to;
}
void* memcpy(void* to, const void* from, std::size_t size) {
    return memmove(to, from, size);
}
void* memmove(void* to, const void* from, std::size_t size) {
    auto* target = static_cast<unsigned char*>(to);
    const auto* source = static_cast<const unsigned char*>(from);
    if (target < source) {
        for (std::size_t i = 0; i < size; ++i) {
            target[i] = source[i];
        }
    } else {
        for (std::size_t i = size; i > 0; --i) {
            target[i - 1] = source[i - 1];
        }
    }
    return to;
}
int memcmp(const void* a, const void* b, std::size_t size) {
    const auto* x = static_cast<const unsigned char*>(a);
    const auto* y = static_cast<const unsigned char*>(b);
    for (std::size_t i = 0; i < size; ++i) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}
std::size_t strlen(const char* text) {
    std::size_t size = 0;
    while (text[size] != 0) {
        ++size;
    }
    return size;
}

}  // extern "C"

// Nothing is given back: a guest runs once.
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    heap += (step - reinterpret_cast<std::uintptr_t>(heap) % step) % step;
    std::byte* block = heap;
    heap += size;
    if (heap > guest_heap_end) {
        say("out of memory\n");
        guest_stop(4);
    }
    return block;
}
void* operator new(std::size_t size) {
    return operator new (size, std::align_val_t{16});
}
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t, std::align_val_t) noexcept {}
void operator delete(void*, std::size_t) noexcept {}

namespace std {

[[noreturn]] void __throw_length_error(const char* what) {
    say(what);
    abort();
}
[[noreturn]] void __throw_logic_error(const char* what) {
    say(what);
    abort();
}
[[noreturn]] void __throw_out_of_range_fmt(const char* what, ...) {
    say(what);
    abort();
}
[[noreturn]] void __throw_bad_alloc() {
    abort();
}
[[noreturn]] void __throw_out_of_range(const char*) {
    abort();
}
[[noreturn]] void __throw_bad_array_new_length() {
    abort();
}
[[noreturn]] void __throw_bad_function_call() {
    abort();
}

}  // namespace std

namespace lockstep::internal {

[[noreturn]] void check_failed(const char* condition, const char*, int) noexcept {
    say("broken invariant: ");
    say(condition);
    abort();
}

}  // namespace lockstep::internal
