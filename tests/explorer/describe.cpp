#include <cstdio>

#include "engine/base/int128.hpp"
#include "tests/explorer/session.hpp"

namespace lockstep::test {
namespace {

constexpr const char* kOpNames[] = {
    "read", "write", "erase", "add",      "at_least",     "exists",      "scan",
    "jump", "emit",  "save",  "rollback", "throw_if_odd", "spin_if_odd", "reject_if_odd"};
constexpr const char* kAccessNames[] = {"read", "write", "add"};

std::string text_of(const Program& program) {
    std::string text;
    for (const Step& step : program.steps) {
        text += std::string(" ") + kOpNames[static_cast<std::size_t>(step.op)] + "(" +
                std::to_string(step.key) + "," + std::to_string(step.operand);
        if (step.bounds != Bounds{}) {
            text += ",[" + to_string(step.bounds.lower) + "," + to_string(step.bounds.upper) + "]";
        }
        text += ")";
    }
    text += "  weight " + std::to_string(program.weight) + "  declares";
    for (const auto& [key, access] : program.declared) {
        text += " " + std::to_string(key) + ":" + kAccessNames[static_cast<std::size_t>(access)];
    }
    return text;
}

}  // namespace

std::string describe(const Finding& finding) {
    std::string text =
        finding.what + "\n  session " + std::to_string(finding.seed) + ", block " +
        std::to_string(finding.block) + ", strategy " + finding.strategy + ", " +
        std::to_string(finding.setting.workers) + " workers, chunk_max " +
        std::to_string(finding.setting.options.chunk_max) + ", claims_min " +
        std::to_string(finding.setting.options.claims_min) + ", window " +
        std::to_string(finding.setting.options.window) + ", universe " +
        std::to_string(finding.setting.universe) +
        (finding.setting.listed                 ? ", hints as lists"
         : finding.setting.options.use_declared ? ""
                                                : ", hints unused") +
        (finding.setting.options.revalidate ? "" : ", no revalidation") +
        (finding.setting.options.plan ? ", planned" : "") +
        (finding.setting.unit_cells > 1 ? ", units of " + std::to_string(finding.setting.unit_cells)
                                        : "") +
        "\n";
    for (std::size_t i = 0; i < finding.blocks.size(); ++i) {
        const Block<Program>& block = finding.blocks[i];
        text += i + 1 == finding.blocks.size() ? "  block that went wrong" : "  block before it";
        if (block.header.weight_limit != BlockHeader{}.weight_limit) {
            text += ", weight limit " + std::to_string(block.header.weight_limit);
        }
        text += "\n";
        for (std::size_t t = 0; t < block.transactions.size(); ++t) {
            text += "    " + std::to_string(t) + ":" + text_of(block.transactions[t]) + "\n";
        }
    }
    if (finding.faults.cancel_at != kNever) {
        text += "  cancelled at step " + std::to_string(finding.faults.cancel_at) + "\n";
    }
    if (finding.faults.out_of_memory_at != kNever) {
        text += "  out of memory in execution " + std::to_string(finding.faults.out_of_memory_at) +
                "\n";
    }
    if (finding.faults.suspicion != 0) {
        text += "  validation suspects " + std::to_string(finding.faults.suspicion) + " in 16\n";
    }
    if (finding.faults.halt.from != kNever) {
        const Explorer::Halt& halt = finding.faults.halt;
        text += "  worker " + std::to_string(halt.worker) + " halts at step " +
                std::to_string(halt.from) +
                (halt.until == kNever ? " for ever\n"
                                      : " until step " + std::to_string(halt.until) + "\n");
    }
    text += "  switches (step:worker)";
    std::string switches;
    for (const Switch& decision : finding.trace) {
        switches += " " + std::to_string(decision.step) + ":" + std::to_string(decision.to);
    }
    text += switches + "\n  again: explore --";
    return text + (finding.seed != 0 ? "session " + std::to_string(finding.seed) + " --shrink\n"
                                     : finding.strategy + " --switches \"" + switches + "\"\n");
}

}  // namespace lockstep::test
