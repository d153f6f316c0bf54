#include "bridge.h"

#include "_cgo_export.h"

static ls_code execute(void* user, ls_view* view, ls_call* call) {
    return lockstepGoExecute((uintptr_t)user, view, call);
}
static ls_code visit(void* user, ls_bytes key, ls_bytes value) {
    return lockstepGoVisit((uintptr_t)user, key, value);
}

ls_code lockstep_go_open(const ls_options* options, uintptr_t machine, ls_chain** chain,
                         ls_error* error) {
    const ls_machine table = {
        .size = sizeof(table), .abi = LS_ABI, .user = (void*)machine, .execute = execute};
    return ls_open(options, &table, chain, error);
}
ls_code lockstep_go_for_each(ls_chain* chain, ls_bytes from, ls_bytes to, uintptr_t user) {
    return ls_for_each(chain, from, to, SIZE_MAX, visit, (void*)user, NULL);
}
