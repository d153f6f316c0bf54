#pragma once

#include <cstddef>
#include <memory>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace lockstep {

/// A stack of its own for a piece of code that is switched to and away from explicitly.
///
/// Threads: all fibers of a program run on one thread. Exceptions may be in flight on several
///          fibers at once: each keeps its own record of caught exceptions.
class Fiber {
  public:
    /// The code that runs already, on the stack of the thread.
    Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber();

    /// Makes the next switch to this fiber start `entry(argument)` on a fresh stack. The entry
    /// never returns; it switches away for the last time.
    void prepare(void (*entry)(void*), void* argument);

    /// Leaves `from`, which runs now, for `to`. Returns when another fiber switches back.
    static void switch_to(Fiber& from, Fiber& to);

  private:
    static constexpr std::size_t kStackSize = std::size_t{128} * 1024;

    struct CaughtExceptions {
        void* caught = nullptr;
        unsigned int uncaught = 0;
    };

    static void start();
    static void run_entry(Fiber* fiber);

    std::unique_ptr<std::byte[]> stack_;
    void (*entry_)(void*) = nullptr;
    void* argument_ = nullptr;
    CaughtExceptions exceptions_;
    void* sanitizer_stack_ = nullptr;
    const void* bottom_ = nullptr;
    std::size_t size_ = 0;
#if defined(__x86_64__)
    void* stack_pointer_ = nullptr;
#else
    ucontext_t context_;
#endif
};

}  // namespace lockstep
