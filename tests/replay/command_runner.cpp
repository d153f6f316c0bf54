#include "tests/replay/command_runner.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "replay/format/log_writer.hpp"

namespace lockstep::test {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

constexpr std::int64_t kStartMs = 1'700'000'000'000;

Transaction signed_by(AccountId signer, std::uint64_t nonce, std::int64_t time_ms,
                      Payload payload) {
    return {.envelope = {.signer = signer, .nonce = nonce, .valid_until_ms = time_ms + 60'000},
            .payload = std::move(payload)};
}

}  // namespace

CommandRun run_lockstep(const std::vector<std::string>& arguments, const std::string& input) {
    std::string line = quoted(LOCKSTEP_COMMAND);
    for (const std::string& argument : arguments) {
        line += ' ' + quoted(argument);
    }
    return run_script(line + " <" + quoted(input.empty() ? "/dev/null" : input));
}

CommandRun run_script(const std::string& script) {
    const TemporaryFolder folder;
    const std::string line = "lockstep=" + quoted(LOCKSTEP_COMMAND) + "; { " + script + "\n} >" +
                             quoted(folder.file("out")) + " 2>" + quoted(folder.file("err"));
    const int status = std::system(line.c_str());
    return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .out = content(folder.file("out")),
            .err = content(folder.file("err"))};
}

std::vector<LogBlock> transfer_blocks(std::size_t count) {
    std::vector<LogBlock> out;
    const AccountId bridge = role_account(Role::kBridge);
    std::uint64_t nonce = 1;
    for (std::size_t i = 0; i < count; ++i) {
        const std::int64_t time_ms = kStartMs + static_cast<std::int64_t>(i) * 1'000;
        LogBlock block{.header = {.height = i + 1, .time_ms = time_ms}, .transactions = {}};
        const auto add = [&](AccountId signer, Payload payload) {
            block.transactions.push_back(signed_by(signer, nonce++, time_ms, std::move(payload)));
        };
        for (std::uint64_t owner = 1; owner <= 3; ++owner) {
            const AccountId account = make_account(owner);
            if (i == 0) {
                add(bridge, CreateAccount{account});
            } else if (i == 1) {
                add(bridge, Deposit{account, kNumeraire, Int128{1'000'000} * owner, owner});
            } else {
                add(account, Transfer{account, make_account(owner % 3 + 1), kNumeraire,
                                      Int128{100} * owner});
            }
        }
        if (i == 0) {
            add(role_account(Role::kGovernance), CreateAsset{.asset = kNumeraire});
        } else {
            add(make_account(1), Withdraw{make_account(1), kNumeraire, kInt128Max});
        }
        out.push_back(std::move(block));
    }
    return out;
}

void write_log(const std::string& path, const std::vector<LogBlock>& blocks,
               const LogHeader& header) {
    auto writer = LogWriter::create(path, header);
    ASSERT_TRUE(writer.has_value());
    for (const LogBlock& block : blocks) {
        ASSERT_TRUE(writer->append(block).has_value());
    }
    ASSERT_TRUE(writer->close().has_value());
}

}  // namespace lockstep::test
