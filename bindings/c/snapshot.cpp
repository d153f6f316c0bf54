// The whole state by the C interface, in chunks.
#include <memory>
#include <string>
#include <utility>

#include "bindings/c/arguments.hpp"
#include "bindings/c/chain.hpp"
#include "engine/state/snapshot.hpp"

using namespace lockstep;
using namespace lockstep::c;

/// A chain that is being filled.
struct ls_restore {
    ls_chain* chain;
    SnapshotLoader<ls_chain::Machine> loader;
};

namespace {

constexpr std::size_t kMachineNameMax = 256;

std::string name_of(const ls_bytes& machine) {
    std::string out;
    for (const std::byte b : span_of(machine, kMachineNameMax)) {
        out += static_cast<char>(b);
    }
    return out;
}
ls_code failed(ls_error* error, const Error& reason) {
    return report(error, LS_FAILED, reason.message);
}
/// Calls `act(manifest)`.
template <class Act>
ls_code with_manifest(ls_bytes bytes, ls_error* error, Act&& act) {
    return guarded(error, [&] {
        auto manifest = SnapshotManifest::decode(span_of(bytes, SIZE_MAX));
        return manifest ? act(std::move(*manifest)) : failed(error, manifest.error());
    });
}

}  // namespace

ls_code ls_snapshot(ls_chain* chain, ls_bytes machine, uint64_t height, uint32_t chunk_bytes,
                    ls_take_chunk take, void* user, ls_error* error) {
    return guarded(error, [&] {
        const ls_chain::Use use(chain);
        if (take == nullptr) {
            throw Misuse{"a callback is NULL"};
        }
        std::size_t index = 0;
        const ChunkSink sink = [&](std::span<const std::byte> bytes) -> Result<void, Error> {
            if (take(user, index++, bytes_of(bytes)) != LS_OK) {
                return failure(Error{.message = "the host took no further chunk"});
            }
            return {};
        };
        SnapshotOptions options;
        options.chunk_bytes = chunk_bytes != 0 ? chunk_bytes : options.chunk_bytes;
        const auto manifest = save_snapshot(
            chain->store,
            {.machine = name_of(machine), .height = height, .block = chain->last_block()}, sink,
            options);
        if (!manifest) {
            return failed(error, manifest.error());
        }
        const std::vector<std::byte> bytes = manifest->encode();
        if (take(user, LS_MANIFEST, bytes_of(bytes)) != LS_OK) {
            return report(error, LS_FAILED, "the host did not take the manifest");
        }
        return ls_code{LS_OK};
    });
}
ls_code ls_manifest_read(ls_bytes manifest, ls_manifest_info* info, ls_error* error) {
    return with_manifest(manifest, error, [&](const SnapshotManifest& known) {
        write_struct(info, {.size = 0,
                            .reserved = 0,
                            .height = known.head.height,
                            .cells = known.cells(),
                            .chunks = known.chunks.size(),
                            .state = digest_bytes(known.state()),
                            .block = digest_bytes(known.head.block)});
        return ls_code{LS_OK};
    });
}
ls_code ls_chunk_verify(ls_bytes manifest, size_t index, ls_bytes bytes, ls_error* error) {
    return with_manifest(manifest, error, [&](const SnapshotManifest& known) {
        const auto verified = known.verify(index, span_of(bytes, SIZE_MAX));
        return verified ? ls_code{LS_OK} : failed(error, verified.error());
    });
}

ls_code ls_restore_open(ls_chain* chain, ls_bytes machine, ls_bytes manifest, ls_restore** restore,
                        ls_error* error) {
    return with_manifest(manifest, error, [&](SnapshotManifest known) {
        if (restore == nullptr) {
            throw Misuse{"nowhere to put the restore"};
        }
        *restore = nullptr;
        const ls_chain::Use use(chain);
        if (chain->store.size() != 0) {
            throw Misuse{"the chain is not empty"};
        }
        auto loader = SnapshotLoader<ls_chain::Machine>::open(chain->store, std::move(known),
                                                              name_of(machine));
        if (!loader) {
            return failed(error, loader.error());
        }
        *restore = std::make_unique<ls_restore>(ls_restore{chain, std::move(*loader)}).release();
        return ls_code{LS_OK};
    });
}
ls_code ls_restore_chunk(ls_restore* restore, size_t index, ls_bytes bytes, ls_error* error) {
    return guarded(error, [&] {
        const ls_chain::Use use(restore != nullptr ? restore->chain : nullptr);
        const auto added = restore->loader.add(index, span_of(bytes, SIZE_MAX));
        return added ? ls_code{LS_OK} : failed(error, added.error());
    });
}
ls_code ls_restore_finish(ls_restore* restore, ls_error* error) {
    return guarded(error, [&] {
        const ls_chain::Use use(restore != nullptr ? restore->chain : nullptr);
        const auto whole = restore->loader.finish();
        if (!whole) {
            return failed(error, whole.error());
        }
        restore->chain->continue_from(restore->loader.manifest().head.block);
        return ls_code{LS_OK};
    });
}
void ls_restore_free(ls_restore* restore) {
    delete restore;
}
