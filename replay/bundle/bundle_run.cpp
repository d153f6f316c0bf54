#include "replay/bundle/bundle_run.hpp"

#include <utility>

#include "replay/venue_driver.hpp"

namespace lockstep {
namespace {

template <class Store>
void fill(Store& store, const BundleBlock& bundle) {
    for (const auto& [key, cell] : bundle.basis.cells) {
        store.set(key, cell ? &*cell : nullptr);
    }
}

/// Turns the digests of a state that holds the bundle's cells only into those of the whole state.
/// `partial`: sums of those cells before the block.
void complete(BlockResult& result, const BundleBlock& bundle, const std::vector<Digest>& partial) {
    Digest state;
    for (std::size_t i = 0; i < result.modules.size(); ++i) {
        result.modules[i] -= partial[i];
        result.modules[i] += bundle.basis.modules[i];
        state += result.modules[i];
    }
    result.state = state;
    result.block = chain_block_digest(bundle.basis.previous_block, result);
}

Result<DigestRecord, Error> run_parallel(const BundleBlock& bundle, const BundleRunOptions& options,
                                         const DigestRecord& serial) {
    const Venue venue;
    WorkerPool pool(options.workers);
    DigestRecord last = serial;
    for (std::uint32_t i = 0; i < options.repeat && last == serial; ++i) {
        StateStore<Venue> store;
        fill(store, bundle);
        const std::vector<Digest> partial = store.sums().modules();
        ParallelExecutor<Venue> executor(venue, store, pool, {}, {.adaptive = false});
        auto result = executor.execute(bundle.block);
        if (!result) {
            return failure(std::move(result.error()));
        }
        complete(*result, bundle, partial);
        last = make_digest_record(*result, bundle.input, true);
    }
    return last;
}

}  // namespace

Result<BundleRun, Error> run_bundle(const BundleBlock& bundle, const BundleRunOptions& options) {
    if (bundle.basis.modules.size() != module_names<Venue>().size()) {
        return failure(Error{.code = ErrorCode::kCorrupt,
                             .message = "the bundle divides the state into other modules"});
    }
    const Venue venue;
    BlockRecorder<Venue> recorder(venue);
    fill(recorder.store(), bundle);
    const std::vector<Digest> partial = recorder.store().sums().modules();
    auto recording = recorder.record(bundle.block);
    if (!recording) {
        return failure(std::move(recording.error()));
    }
    complete(recording->result, bundle, partial);
    BundleRun out{.serial = make_digest_record(recording->result, bundle.input, true),
                  .details = std::move(recording->details),
                  .parallel = {},
                  .missing = {}};
    for (const auto& [key, before] : recording->basis.cells) {
        if (!bundle.basis.cells.contains(key)) {
            out.missing.push_back(key);
        }
    }
    if (options.workers > 0) {
        auto parallel = run_parallel(bundle, options, out.serial);
        if (!parallel) {
            return failure(std::move(parallel.error()));
        }
        out.parallel = std::move(*parallel);
    }
    return out;
}

}  // namespace lockstep
