#include <oneapi/tbb/tbb_allocator.h>

#include <cstdlib>
#include <new>

// What the containers of oneTBB that are used here call in the library. Should more
// come to be used, the linker names it.
namespace tbb::detail::r1 {

void* __TBB_EXPORTED_FUNC allocate_memory(std::size_t size) {
    void* const memory = std::malloc(size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

void __TBB_EXPORTED_FUNC deallocate_memory(void* memory) {
    std::free(memory);
}

}  // namespace tbb::detail::r1
