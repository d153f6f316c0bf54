/* One block of the scheduler in scheduler/ and engine/, as a protocol: statuses and transitions of
 * TxnPhase, hand-off, early revalidation, the frontier's authority, sleep, and the end of a stage.
 *
 * N transactions read one hot cell and write it: out = (2 * in + i + 1) % 8; those in COND write
 * only when what they read was odd. Those in DECLARED have an estimate in the chain beforehand.
 * W workers; worker 0 leads. Each step is one atomic operation of the code.
 *
 * -DB1 ... -DB6 put a classic bug back in; each must be found.
 */
#ifndef N
#define N 3
#endif
#ifndef W
#define W 2
#endif
#ifndef DECLARED
#define DECLARED 2
#endif
#ifndef COND
#define COND 2
#endif
#ifdef NO_REVALIDATION
#define LOOKED N
#define TAKE(t) skip /* nobody contends: the status stays as it is */
#define TAKEN(t) true
#else
#define LOOKED 0
#define TAKE(t) phase[t] = COMMITTING
#define TAKEN(t) (phase[t] == COMMITTING)
#endif
#define INC_MAX 2 /* incarnations ahead of the frontier */
#define NONE 15

#define READY 0
#define EXECUTING 1
#define BLOCKED 2
#define EXECUTED 3
#define DEFERRED 4
#define COMMITTING 5 /* or committed */

#define ABSENT 0
#define PENDING 1
#define PUBLISHED 2
#define DROPPED 3

#define IN(mask, i) (((mask) >> (i)) & 1)
#define OUT(i, in) ((2 * (in) + (i) + 1) % 8)
#define WRITES(i, in) (!IN(COND, i) || (in) % 2 == 1)

byte phase[N], inc[N];
byte waiters[N];  /* bit mask */
bool closed[N];
/* the newest version of each transaction */
byte vstate[N], vid[N], vval[N];
/* the record of the last incarnation */
byte seen[N], seen_id[N], seen_val[N];
bool wrote[N], replaced[N];
bool placeholder[N]; /* what it writes was in the chain beforehand */

byte frontier = 0, claimed = 0, ready = 0;
byte committed = 0; /* the holder's; the frontier shows it now and then */
bool held = false;
byte effects = 0, effects_seen[N]; /* UndeclaredEffects::count(), and as each incarnation began */
byte last = NONE, last_id = 0, last_val = 0; /* what committed_below finds */

bool missed[W], asleep[W];
byte sleepers = 0;

bool settling = false, settled = false;
byte inside = 0;
bool working[W];

/* for assertions only */
byte truth = 0; /* the cell after the committed prefix */
byte expected[N], expected_out = 0;
byte exited = 0;
byte holder[N];

#define DONE (frontier == N)
#define CAN_MOVE (!DONE && !held && (phase[frontier] == EXECUTED || phase[frontier] == DEFERRED))
/* each executed transaction is looked at once per worker */
#define CANDIDATE (looked < N && phase[looked] == EXECUTED && looked > frontier)
#define HAS_WORK (DONE || CAN_MOVE || ready != 0 || claimed < N)

inline advance() {
    d_step {
        k = 0;
        do :: k < W -> missed[k] = true; k++ :: else -> break od; k = 0
    };
    d_step {
        if
        :: sleepers > 0 ->
            k = 0;
            do :: k < W -> asleep[k] = false; k++ :: else -> break od; k = 0
        :: else
        fi
    }
}

/* Takes the list at once, then wakes one after the other; the lowest stays with this worker. */
inline wake_waiters(t) {
    d_step { taken = waiters[t]; waiters[t] = 0; closed[t] = true };
    shared = false;
    k = 0;
    do
    :: taken != 0 ->
        d_step {
            do :: !IN(taken, k) -> k++ :: else -> break od;
            assert(phase[k] == BLOCKED);
            phase[k] = READY; holder[k] = NONE;
            taken = taken & ~(1 << k);
            if
            :: run_next == NONE -> run_next = k
            :: else -> ready = ready | (1 << k); shared = true
            fi
        }
    :: else -> break
    od;
    k = 0;
    if :: shared -> advance() :: else fi;
    shared = false
}

/* Down the chain to the newest version below that stands; an estimate names whom to wait for. */
inline look_below(t) {
    d_step {
        blocker = NONE;
        j = t; seen[t] = NONE; seen_id[t] = 0; seen_val[t] = 0;
        do
        :: j == 0 -> break
        :: else ->
            j--;
            if
            :: vstate[j] == PUBLISHED ->
                seen[t] = j; seen_id[t] = vid[j]; seen_val[t] = vval[j]; break
            :: vstate[j] == PENDING -> blocker = j; break
            :: else
            fi
        od;
        j = 0
    }
}

/* Writes stay private until here: a new node, or the placeholder filled and then published. */
inline publish(t) {
    if
    :: WRITES(t, seen_val[t]) ->
#ifdef B4
        d_step { vstate[t] = PUBLISHED; vid[t]++; wrote[t] = true };
        d_step { vval[t] = OUT(t, seen_val[t]) }
#else
        d_step { vstate[t] = PUBLISHED; vval[t] = OUT(t, seen_val[t]); vid[t]++; wrote[t] = true }
#endif
    :: else ->
        d_step {
#ifndef B5
            if :: vstate[t] != ABSENT -> vstate[t] = DROPPED :: else fi;
#endif
            wrote[t] = false
        }
    fi
}

/* One incarnation ahead of the frontier; `may_park` as in run_incarnation. */
inline run_incarnation(t, may_park) {
    do
    ::  effects_seen[t] = effects;
        look_below(t);
        if
        :: blocker == NONE ->
            publish(t);
#ifdef B2
            d_step { phase[t] = EXECUTED; holder[t] = NONE };
            wake_waiters(t);
#else
            wake_waiters(t);
            d_step { assert(phase[t] == EXECUTING && holder[t] == me); phase[t] = EXECUTED;
                     holder[t] = NONE };
#endif
            break
        :: blocker != NONE && may_park ->
            /* block_on: refused when the blocker's list is closed */
            d_step { phase[t] = BLOCKED };
            d_step {
                parked = !closed[blocker];
                if
                :: parked -> waiters[blocker] = waiters[blocker] | (1 << t)
                :: else -> phase[t] = EXECUTING
                fi
            };
            if :: parked -> parked = false; break :: else fi
        :: else ->
            d_step {
                if :: vstate[t] == PENDING -> vstate[t] = DROPPED :: else fi;
                phase[t] = DEFERRED; holder[t] = NONE
            };
            advance();
            break
        fi
    od;
    blocker = NONE
}

inline revalidate(t) {
    /* try_retake */
    d_step {
        parked = (phase[t] == EXECUTED);
        if :: parked -> phase[t] = EXECUTING; holder[t] = me :: else fi
    };
    if
    :: parked ->
        parked = false;
        d_step { /* looks_stale, by a search of the chain */
            j = t; stale = false; blocker = NONE;
            do
            :: j == 0 -> stale = (seen[t] != NONE && seen_val[t] != 0); break
            :: else ->
                j--;
                if
                :: vstate[j] == PUBLISHED ->
                    stale = !(seen[t] == j && seen_id[t] == vid[j]) && seen_val[t] != vval[j];
                    break
                :: vstate[j] == PENDING -> stale = true; break
                :: else
                fi
            od;
            j = 0
        };
        if
        :: stale && inc[t] + 1 < INC_MAX ->
            stale = false;
            d_step { inc[t]++ };
            d_step { closed[t] = false; waiters[t] = 0 };
            d_step {
                placeholder[t] = false;
                if :: wrote[t] -> vstate[t] = PENDING; replaced[t] = true :: else fi
            };
            run_incarnation(t, !replaced[t])
        :: else ->
            stale = false;
            d_step { phase[t] = EXECUTED; holder[t] = NONE }
        fi
    :: else
    fi
}

inline commit_one(t) {
    if
    :: was_deferred || (effects_seen[t] != effects && !((seen[t] == last && seen_id[t] == last_id) ||
                                                      seen_val[t] == last_val)) ->
        d_step { /* again, on final state, which cannot fail */
            seen[t] = last; seen_id[t] = last_id; seen_val[t] = truth;
            if :: wrote[t] && !was_deferred -> replaced[t] = true :: else fi;
            if :: !was_deferred -> placeholder[t] = false :: else fi
        };
        publish(t)
    :: else
    fi;
    d_step {
        /* only reads of the committed state are committed, and the results are the serial ones */
        assert(seen_val[t] == truth);
        if :: WRITES(t, truth) -> truth = OUT(t, truth) :: else fi;
        assert(truth == expected[t]);
        assert(!wrote[t] || (vstate[t] == PUBLISHED && vval[t] == truth));
        if
        :: replaced[t] || (wrote[t] && !placeholder[t]) -> effects++
        :: else
        fi;
        if :: wrote[t] -> last = t; last_id = vid[t]; last_val = vval[t] :: else fi
    };
    d_step { assert(TAKEN(t) && committed == t); committed = t + 1 };
    if
    :: was_deferred -> frontier = committed; wake_waiters(t)
    :: else ->
        if
        :: frontier = committed /* a batch is full */
        :: skip
        fi
    fi
}

inline commit_prefix() {
    do
    :: committed == N -> break
    :: else ->
        at = committed;
        was_deferred = (phase[at] == DEFERRED);
        if
        :: phase[at] == EXECUTED || phase[at] == DEFERRED ->
#ifdef B3
            phase[at] = COMMITTING; /* the status is looked at, then set: no exchange */
            holder[at] = me;
            commit_one(at)
#else
            d_step {
                parked = (phase[at] == EXECUTED || phase[at] == DEFERRED);
                was_deferred = (phase[at] == DEFERRED);
                if :: parked -> TAKE(at); holder[at] = me :: else fi
            };
            if :: parked -> parked = false; commit_one(at) :: else -> break fi
#endif
        :: else -> break
        fi
    od;
    at = 0; was_deferred = false;
    if :: frontier != committed -> frontier = committed :: else fi;
    held = false;
    advance()
}

inline execute_all() {
    do
    :: DONE -> break
    :: else ->
        if
        :: run_next != NONE ->
            d_step { mine = run_next; run_next = NONE; phase[mine] = EXECUTING; holder[mine] = me };
            run_incarnation(mine, true)
        :: else ->
            /* the code tries these in order; any order must do */
            if
            :: CAN_MOVE ->
                d_step { parked = !held; held = true };
                if :: parked -> parked = false; commit_prefix() :: else fi
            :: ready != 0 || claimed < N ->
                d_step {
                    mine = NONE;
                    if
                    :: ready != 0 ->
                        mine = 0;
                        do :: !IN(ready, mine) -> mine++ :: else -> break od;
                        ready = ready & ~(1 << mine)
                    :: else ->
                        if :: claimed < N -> mine = claimed; claimed++ :: else fi
                    fi;
                    if
                    :: mine != NONE ->
                        assert(phase[mine] == READY);
                        phase[mine] = EXECUTING; holder[mine] = me
                    :: else
                    fi
                };
                if :: mine != NONE -> run_incarnation(mine, true) :: else fi
            :: looked < N -> if :: CANDIDATE -> revalidate(looked) :: else fi; looked++
            :: !CAN_MOVE && ready == 0 && claimed == N && looked == N -> sleep()
            fi
        fi;
        mine = 0
    od
}

inline sleep() {
    sleepers++;
    missed[me] = false;
#ifndef B6
    if
    :: HAS_WORK
    :: else ->
#endif
        d_step { if :: !missed[me] -> asleep[me] = true :: else fi };
        !asleep[me];
#ifndef B6
    fi;
#endif
    sleepers--
}

proctype worker(byte me) {
    byte run_next = NONE, mine = 0, blocker = NONE, at = 0, taken = 0, j = 0, k = 0, looked = LOOKED;
    bool shared = false, parked = false, stale = false, was_deferred = false, enters = false;
#ifdef B1
    enters = !settling; /* looks before it counts itself */
    inside++;
#else
    inside++;
    enters = !settling;
#endif
    if
    :: enters -> working[me] = true; execute_all(); working[me] = false; run_next = NONE
    :: else
    fi;
    enters = false;
    inside--;
    if
    :: me == 0 ->
        settling = true;
        inside == 0;
        d_step {
            k = 0;
            do :: k < W -> assert(!working[k]); k++ :: else -> break od; k = 0;
            settled = true; /* slots are emptied from here on */
            assert(truth == expected_out);
            do
            :: j < N -> assert(committed == N && vstate[j] != PENDING); j++
            :: else -> break
            od;
            j = 0
        }
    :: else
    fi;
    assert(!working[me]);
    exited++
}

init {
    byte i = 0, value = 0;
    atomic {
        do
        :: i < N ->
            if :: WRITES(i, value) -> value = OUT(i, value) :: else fi;
            expected[i] = value;
            holder[i] = NONE;
            if :: IN(DECLARED, i) -> vstate[i] = PENDING; placeholder[i] = true :: else fi;
            i++
        :: else -> break
        od;
        expected_out = value; value = 0; i = 0
    }
    atomic {
        do :: i < W -> run worker(i); i++ :: else -> break od; i = 0
    }
}

ltl ends { <> (exited == W) }
