#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/random.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

using lockstep::Random;
using lockstep::fuzz::Bytes;

constexpr const char* kUsage =
    "Usage: <target> CORPUS [--mutations N] [--seed N] | <target> --write-seeds FOLDER | "
    "<target> FILE\n"
    "Runs every file of a corpus through the target, then N inputs made from them; or one file.\n"
    "Any finding aborts; the input is then left behind as finding-<target>.bin.\n";

Bytes input_at_work;
std::string finding_path;

/// Leaves the input behind, so that the finding can be run again.
void keep_input() {
    std::FILE* const out = std::fopen(finding_path.c_str(), "wb");
    if (out != nullptr) {
        std::fwrite(input_at_work.data(), 1, input_at_work.size(), out);
        std::fclose(out);
        std::fprintf(stderr, "the input is in %s\n", finding_path.c_str());
    }
}

void on_signal(int signal) {
    keep_input();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void run(Bytes input) {
    input_at_work = std::move(input);
    // An allocation of its own and of the right size, so that the address sanitizer sees its end.
    const std::vector<std::uint8_t> copy(
        reinterpret_cast<const std::uint8_t*>(input_at_work.data()),
        reinterpret_cast<const std::uint8_t*>(input_at_work.data()) + input_at_work.size());
    LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

Bytes read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    return lockstep::fuzz::as_bytes(text);
}

/// The files of a folder in the order of their names.
std::vector<Bytes> read_corpus(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Bytes> out;
    for (const auto& path : paths) {
        out.push_back(read_file(path));
    }
    return out;
}

/// One small change: what libFuzzer does, without its feedback.
void mutate_once(Bytes& bytes, const std::vector<Bytes>& corpus, Random& random) {
    static constexpr std::uint8_t kTelling[] = {0, 1, 0x7f, 0x80, 0xff, '0', '9', '"', ','};
    if (bytes.empty()) {
        bytes.push_back(static_cast<std::byte>(random.next()));
        return;
    }
    const auto at = static_cast<std::ptrdiff_t>(random.below(bytes.size()));
    const auto length = static_cast<std::ptrdiff_t>(
        1 + random.below(std::min<std::size_t>(bytes.size() - static_cast<std::size_t>(at), 16)));
    switch (random.below(7)) {
        case 0:
            bytes[static_cast<std::size_t>(at)] ^= static_cast<std::byte>(1U << random.below(8));
            break;
        case 1:
            bytes[static_cast<std::size_t>(at)] =
                static_cast<std::byte>(kTelling[random.below(std::size(kTelling))]);
            break;
        case 2:
            bytes[static_cast<std::size_t>(at)] = static_cast<std::byte>(random.next());
            break;
        case 3:
            bytes.erase(bytes.begin() + at, bytes.begin() + at + length);
            break;
        case 4: {
            const Bytes part(bytes.begin() + at, bytes.begin() + at + length);
            bytes.insert(bytes.begin() + at, part.begin(), part.end());
            break;
        }
        case 5: {
            const Bytes& other = corpus[random.below(corpus.size())];
            const std::size_t from = other.empty() ? 0 : random.below(other.size());
            bytes.resize(static_cast<std::size_t>(at));
            bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from),
                         other.end());
            break;
        }
        default:
            bytes.resize(static_cast<std::size_t>(at));
            break;
    }
}

int write_seeds(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    const std::vector<Bytes> seeds = lockstep::fuzz::fuzz_seeds();
    for (std::size_t i = 0; i < seeds.size(); ++i) {
        const std::string name = "seed-" + std::to_string(i / 10) + std::to_string(i % 10);
        std::ofstream out(folder / name, std::ios::binary);
        out.write(reinterpret_cast<const char*>(seeds[i].data()),
                  static_cast<std::streamsize>(seeds[i].size()));
    }
    std::printf("%zu seeds in %s\n", seeds.size(), folder.c_str());
    return seeds.empty() ? 1 : 0;
}

int run_corpus(const std::filesystem::path& folder, std::uint64_t mutations, std::uint64_t seed) {
    std::vector<Bytes> corpus = read_corpus(folder);
    std::printf("%zu files in %s\n", corpus.size(), folder.c_str());
    if (corpus.empty()) {
        return 1;
    }
    for (const Bytes& input : corpus) {
        run(input);
    }
    for (Bytes& input : lockstep::fuzz::fuzz_seeds()) {
        run(input);
        corpus.push_back(std::move(input));
    }
    run({});
    Random random(seed);
    for (std::uint64_t i = 0; i < mutations; ++i) {
        Bytes input = corpus[random.below(corpus.size())];
        for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
            mutate_once(input, corpus, random);
        }
        run(std::move(input));
    }
    std::printf("%llu mutations of seed %llu\n", static_cast<unsigned long long>(mutations),
                static_cast<unsigned long long>(seed));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs(kUsage, stderr);
        return 1;
    }
    if (std::strcmp(argv[1], "--write-seeds") == 0 && argc == 3) {
        return write_seeds(argv[2]);
    }
    std::uint64_t mutations = 0;
    std::uint64_t seed = 1;
    for (int i = 2; i + 1 < argc; i += 2) {
        const std::string_view option = argv[i];
        std::uint64_t& value = option == "--mutations" ? mutations : seed;
        if (option != "--mutations" && option != "--seed") {
            std::fputs(kUsage, stderr);
            return 1;
        }
        value = std::strtoull(argv[i + 1], nullptr, 10);
    }
    finding_path = "finding-" + std::filesystem::path(argv[0]).filename().string() + ".bin";
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        std::signal(signal, on_signal);
    }
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback(keep_input);
    }
    if (std::filesystem::is_regular_file(argv[1])) {
        run(read_file(argv[1]));
        return 0;
    }
    return run_corpus(argv[1], mutations, seed);
}
