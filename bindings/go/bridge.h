/* What cgo cannot say: a table of callbacks that are Go functions. */
#ifndef LOCKSTEP_GO_BRIDGE_H
#define LOCKSTEP_GO_BRIDGE_H

#include <lockstep.h>

ls_code lockstep_go_open(const ls_options* options, uintptr_t machine, ls_chain** chain,
                         ls_error* error);
ls_code lockstep_go_for_each(ls_chain* chain, ls_bytes from, ls_bytes to, uintptr_t visit);

#endif
