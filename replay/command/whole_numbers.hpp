#pragma once

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lockstep {

/// Makes every option of the subcommands of `app` that takes a number refuse what is none: signs
/// where there are none, other notations, and what the number's type does not hold.
void demand_whole_numbers(CLI::App& app);

/// The same for a flag, which takes a number behind '=' only and does not tell its type.
void demand_whole_number(CLI::Option& flag);

}  // namespace lockstep
