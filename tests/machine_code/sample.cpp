// What the gate must find.

#include <cmath>
#include <cstdlib>

namespace lockstep::test {

double sample(const char* text, long scale) {
    return std::log(std::strtod(text, nullptr)) * static_cast<double>(scale) + std::rand();
}

}  // namespace lockstep::test
