// The 128-bit multiplication with an overflow flag that clang 14 calls and that is in no library of
// the foreign machines: it belongs to compiler-rt, and programs here link libgcc.

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 Bits;

// Not optimised: clang would know the test for overflow by its shape and call this very function.
#ifdef __clang__
__attribute__((optnone))
#endif
extern "C" __attribute__((weak)) Wide
__muloti4(Wide a, Wide b, int* overflow) {
    constexpr Wide kMin = static_cast<Wide>(Bits{1} << 127);
    const Wide product = static_cast<Wide>(static_cast<Bits>(a) * static_cast<Bits>(b));
    const bool min_negated = (a == -1 && b == kMin) || (b == -1 && a == kMin);
    *overflow = min_negated || (a != 0 && a != -1 && product / a != b) ? 1 : 0;
    return product;
}
