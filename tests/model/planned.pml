/* One cell of a planned block: what keeps reads right that nobody declared, and changes that nobody
 * announced (engine/planned/planned_cells.hpp, [PC1] to [PC3]; engine/planned/planned_execution.hpp, [PL1]).
 *
 * Three transactions, each a process, and the frontier. Each reads the cell, TWICE does it twice, and may change
 * it: out = (2 * in + i + 1) % 8; those in COND change it only when what they read was odd. What
 * each declares, and who may change the cell, is chosen freely. Undeclared changes wait for the
 * frontier unless EARLY. That the scheduler runs, parks and wakes is modelled in block.pml: here a transaction
 * that has to wait for others begins when they have finished. Sums are left out.
 *
 * -DB1 ... -DB8 leave something out; each must be found.
 */
#define N 3
#ifndef COND
#define COND 2
#endif
#ifndef TWICE
#define TWICE 2
#endif
#ifndef EARLY
#define EARLY 1
#endif
#define NONE 15
#define START 1

#define IN(mask, i) (((mask) >> (i)) & 1)
#define OUT(i, in) ((2 * (in) + (i) + 1) % 8)
#define CHANGES(i, in) (changes[i] && (!IN(COND, i) || (in) % 2 == 1))

#define NOTHING 0 /* what a transaction declares of the cell */
#define TO_READ 1
#define TO_WRITE 2

byte declares[N];
bool changes[N];

byte cell = START, before = NONE; /* before: what whoever changed it first has kept */
bool torn, guard, begun[N];
bool version[N]; /* published, with the value: */
byte value[N];

bool done[N], deferred[N], failed;
byte left = 0; /* transactions that will do nothing any more */
byte effects = 0, effects_seen[N];
byte changed_reads = 0; /* UndeclaredEffects::count() behind the last change for declared readers */
bool announces[N];      /* it has changed the cell undeclared */
byte first[N], second[N];       /* what the reads answered */
bool recorded[N], recorded2[N]; /* and whether they left a version to the commit: */
byte found[N], found2[N];
bool in_place[N];

byte truth = START, committed = 0; /* for assertions only: the cell after the committed prefix */

#define NEWEST_BELOW(t) (t > 0 && version[t - 1] -> t - 1 : (t > 1 && version[t - 2] -> t - 2 : \
                         (t > 2 && version[t - 3] -> t - 3 : NONE)))

/* The transactions of `kind` that declared the cell below, or above; as a mask. */
inline declared_by(t, kind, mask_below, mask_above) {
    d_step {
        mask_below = 0; mask_above = 0; k = 0;
        do
        :: k < N ->
            if
            :: declares[k] == kind && k < t -> mask_below = mask_below | (1 << k)
            :: declares[k] == kind && k > t -> mask_above = mask_above | (1 << k)
            :: else
            fi;
            k++
        :: else -> break
        od;
        k = 0
    }
}
#define FINISHED(mask) ((!IN(mask, 0) || done[0]) && (!IN(mask, 1) || done[1]) && \
                        (!IN(mask, 2) || done[2]))
/* Of those who write it, the first to begin. */
#define OLDEST(mask) (IN(mask, 0) -> 0 : (IN(mask, 1) -> 1 : 2))

inline lock() { d_step { !guard; guard = true } }
inline unlock() { guard = false }

/* Reads the cell where it is, and what that leaves to the commit. */
inline take(t, answer, leaves, what) {
    assert(!torn);
    answer = cell; what = NONE;
    leaves = (declares[t] == NOTHING);
    if :: declares[t] == TO_READ -> in_place[t] = true :: else fi
}
/* One read. A version that has been found does not change any more. */
inline look(t, answer, leaves, what) {
    d_step {
        ver = NEWEST_BELOW(t);
        if
#ifdef B1
        :: ver != NONE && declares[t] == NOTHING ->
#else
        :: ver != NONE && declares[t] != TO_WRITE ->
#endif
            answer = value[ver]; what = ver;
#ifdef B3
            leaves = true
#else
            leaves = (declares[t] == NOTHING || !in_place[t])
#endif
        :: else -> ver = NONE
        fi
    };
    if
    :: ver != NONE
    :: ver == NONE && (declares[t] != NOTHING || writers_above == 0) ->
        d_step { take(t, answer, leaves, what) }
    :: ver == NONE && declares[t] == NOTHING && writers_above != 0 ->
        lock();
        if
#ifndef B2
        :: begun[OLDEST(writers_above)] -> failed = true
#endif
        :: else -> d_step { take(t, answer, leaves, what) }
        fi;
        unlock()
    fi;
    ver = NONE
}

/* Executes a transaction, here or, where it has to wait, at the frontier. */
inline attempt(t, at_frontier) {
    if :: declares[t] == TO_WRITE -> begun[t] = true :: else fi;
    effects_seen[t] = effects;
    look(t, first[t], recorded[t], found[t]);
    if
    :: t == TWICE && declares[t] != TO_WRITE && !failed ->
        look(t, second[t], recorded2[t], found2[t])
    :: else -> second[t] = first[t]
    fi;
    if
    :: failed || !CHANGES(t, first[t])
    :: !failed && CHANGES(t, first[t]) && declares[t] == TO_WRITE ->
#ifndef B4
        lock();
        unlock();
#endif
        d_step { if :: before == NONE -> before = cell :: else fi; torn = true };
        d_step { cell = OUT(t, first[t]); torn = false }
    :: !failed && CHANGES(t, first[t]) && declares[t] != TO_WRITE && !at_frontier && !EARLY ->
        d_step { deferred[t] = true; recorded[t] = false; recorded2[t] = false;
                 in_place[t] = false }
    :: !failed && CHANGES(t, first[t]) && declares[t] != TO_WRITE && (at_frontier || EARLY) ->
        if
#ifndef B5
        :: writers_above != 0 -> failed = true
#endif
        :: else ->
            d_step { version[t] = true; value[t] = OUT(t, first[t]) };
            announces[t] = true
        fi
    fi
}

inline prepare(t) {
    declared_by(t, TO_READ, readers_below, readers_above);
    declared_by(t, TO_WRITE, writers_below, writers_above)
}

proctype transaction(byte me) {
    byte ver = NONE, k = 0, readers_below = 0, readers_above = 0, writers_below = 0,
         writers_above = 0;
    prepare(me);
    if
    :: declares[me] != TO_WRITE -> readers_below = 0
    :: else
    fi;
    FINISHED(writers_below) && FINISHED(readers_below) || failed;
    if
    :: failed
    :: else ->
        attempt(me, false);
        if :: deferred[me] || failed :: else -> done[me] = true fi
    fi;
    left++
}

proctype frontier() {
    byte ver = NONE, k = 0, readers_below = 0, readers_above = 0, writers_below = 0,
         writers_above = 0;
    bool stale = false;
    do
    :: committed == N || failed -> break
    :: else ->
        done[committed] || deferred[committed] || failed;
        if :: failed -> break :: else fi;
        prepare(committed);
        if
        :: deferred[committed] -> attempt(committed, true)
        :: else
        fi;
        if :: failed -> break :: else fi;
        d_step {
            ver = NEWEST_BELOW(committed);
#ifndef B6
            stale = effects != effects_seen[committed] &&
                    ((recorded[committed] && found[committed] != ver) ||
                     (recorded2[committed] && found2[committed] != ver));
#endif
#ifndef B7
            stale = stale || (declares[committed] == TO_READ &&
                              changed_reads > effects_seen[committed] &&
                              !recorded[committed] && !recorded2[committed]);
#endif
            ver = NONE
        };
        if
        :: stale -> failed = true; break
        :: else ->
            d_step {
                /* what is committed is what a serial run does */
                assert(first[committed] == truth && second[committed] == truth);
                if :: CHANGES(committed, truth) -> truth = OUT(committed, truth) :: else fi;
                if
#ifndef B8
                :: announces[committed] ->
                    effects++;
                    if :: readers_above != 0 -> changed_reads = effects :: else fi
#endif
                :: else
                fi
            };
            d_step { /* of what is committed only versions matter */
                first[committed] = 0; second[committed] = 0; effects_seen[committed] = 0;
                recorded[committed] = false; recorded2[committed] = false; found[committed] = 0;
                found2[committed] = 0; in_place[committed] = false; announces[committed] = false;
                deferred[committed] = false; done[committed] = true;
                committed++
            }
        fi
    od;
    left == N;
    d_step { /* the end of the block */
        assert(!torn && !guard);
        if
        :: !failed ->
            ver = NEWEST_BELOW(N);
            assert((ver != NONE -> value[ver] : cell) == truth)
        :: else -> assert((before != NONE -> before : cell) == START)
        fi;
        ver = NONE
    }
}

init {
    byte i = 0;
    do
    :: i < N ->
        if
        :: declares[i] = NOTHING
        :: declares[i] = TO_READ
        :: declares[i] = TO_WRITE
        fi;
        if :: changes[i] = true :: skip fi;
        i++
    :: else -> break
    od;
    i = 0;
    atomic {
        do :: i < N -> run transaction(i); i++ :: else -> break od;
        run frontier();
        i = 0
    }
}
