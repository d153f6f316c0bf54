#include "engine/virtual/fiber.hpp"

#include <cxxabi.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#define LOCKSTEP_FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOCKSTEP_FIBER_ASAN 1
#endif
#endif

#if defined(LOCKSTEP_FIBER_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define LOCKSTEP_NO_ASAN __attribute__((no_sanitize("address")))
#else
#define LOCKSTEP_NO_ASAN
#endif

#if defined(__x86_64__)
// Saves what a callee must preserve on the old stack and takes it back from the new one.
extern "C" void lockstep_switch_stack(void** save, void* load);
asm(R"(
.text
.globl lockstep_switch_stack
.type lockstep_switch_stack,@function
lockstep_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size lockstep_switch_stack,.-lockstep_switch_stack
)");
#endif

namespace lockstep {
namespace {

Fiber* running = nullptr;                // the fiber that a fresh entry belongs to
[[maybe_unused]] Fiber* left = nullptr;  // the fiber that was switched away from last

}  // namespace

Fiber::Fiber() = default;
Fiber::~Fiber() = default;

// The sanitizer would take a call that never returns for the end of the stack that was left.
LOCKSTEP_NO_ASAN void Fiber::run_entry(Fiber* fiber) {
#if defined(LOCKSTEP_FIBER_ASAN)
    __sanitizer_finish_switch_fiber(nullptr, &left->bottom_, &left->size_);
#endif
    fiber->entry_(fiber->argument_);
    std::abort();
}

LOCKSTEP_NO_ASAN void Fiber::start() {
    run_entry(running);
}

void Fiber::prepare(void (*entry)(void*), void* argument) {
    if (stack_ == nullptr) {
        stack_.reset(new std::byte[kStackSize]);
    }
#if defined(LOCKSTEP_FIBER_ASAN)
    ASAN_UNPOISON_MEMORY_REGION(stack_.get(), kStackSize);  // frames of a fiber that never ended
#endif
    entry_ = entry;
    argument_ = argument;
    exceptions_ = {};
    sanitizer_stack_ = nullptr;
    bottom_ = stack_.get();
    size_ = kStackSize;
#if defined(__x86_64__)
    auto top = reinterpret_cast<std::uintptr_t>(stack_.get() + kStackSize) & ~std::uintptr_t{15};
    auto* words = reinterpret_cast<void**>(top);
    *--words = nullptr;  // the entry finds its stack as after a call
    *--words = reinterpret_cast<void*>(&Fiber::start);
    for (int preserved = 0; preserved < 6; ++preserved) {
        *--words = nullptr;
    }
    stack_pointer_ = words;
#else
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack_.get();
    context_.uc_stack.ss_size = kStackSize;
    context_.uc_link = nullptr;
    makecontext(&context_, &Fiber::start, 0);
#endif
}

void Fiber::switch_to(Fiber& from, Fiber& to) {
    auto* caught = abi::__cxa_get_globals();
    static_assert(sizeof(CaughtExceptions) == 2 * sizeof(void*));
    std::memcpy(static_cast<void*>(&from.exceptions_), caught, sizeof(CaughtExceptions));
    std::memcpy(static_cast<void*>(caught), &to.exceptions_, sizeof(CaughtExceptions));
    running = &to;
    left = &from;
#if defined(LOCKSTEP_FIBER_ASAN)
    __sanitizer_start_switch_fiber(&from.sanitizer_stack_, to.bottom_, to.size_);
#endif
#if defined(__x86_64__)
    lockstep_switch_stack(&from.stack_pointer_, to.stack_pointer_);
#else
    swapcontext(&from.context_, &to.context_);
#endif
#if defined(LOCKSTEP_FIBER_ASAN)
    __sanitizer_finish_switch_fiber(from.sanitizer_stack_, &left->bottom_, &left->size_);
#endif
}

}  // namespace lockstep
