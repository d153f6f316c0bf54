#pragma once

namespace lockstep::bench {

/// What the counted function runs.
struct Counted {
    virtual ~Counted() = default;
    virtual void run() = 0;
};

}  // namespace lockstep::bench

/// A name that callgrind finds without demangling.
extern "C" [[gnu::noinline]] inline void lockstep_counted_blocks(
    lockstep::bench::Counted* counted) {
    counted->run();
}
