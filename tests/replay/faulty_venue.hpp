#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/serial/serial_executor.hpp"
#include "instruments/venue.hpp"
#include "replay/digest/digest_file.hpp"
#include "tests/replay/log_samples.hpp"

namespace lockstep::test {

/// Where a faulty venue strays from the true one: it adds 1 to a number that nobody reads.
struct PlantedFault {
    enum class Phase { kBegin, kTransaction, kEnd };
    Phase phase = Phase::kTransaction;
    std::uint64_t height = 0;
    std::uint64_t nonce = 0;  ///< kTransaction: of the transaction
};

/// The venue with a fault in one place: stands for another machine, compiler or build.
class FaultyVenue : public Venue {
  public:
    explicit FaultyVenue(const PlantedFault& fault) : fault_(fault) {}

    template <class View, class Header>
    [[nodiscard]] Context begin_block(View& view, const Header& header,
                                      std::span<const Transaction> transactions) const {
        Context context = Venue::begin_block(view, header, transactions);
        stray(view, PlantedFault::Phase::kBegin, header.height, fault_.nonce);
        return context;
    }
    template <class View>
    [[nodiscard]] VenueOutcome execute(View& view, const Transaction& transaction,
                                       const Context& context) const {
        const VenueOutcome outcome = Venue::execute(view, transaction, context);
        stray(view, PlantedFault::Phase::kTransaction, context.height, transaction.envelope.nonce);
        return outcome;
    }
    template <class View, class Header>
    void end_block(View& view, const Header& header, const Context& context) const {
        Venue::end_block(view, header, context);
        stray(view, PlantedFault::Phase::kEnd, header.height, fault_.nonce);
    }

  private:
    template <class View>
    void stray(View& view, PlantedFault::Phase phase, std::uint64_t height,
               std::uint64_t nonce) const {
        if (phase == fault_.phase && height == fault_.height && nonce == fault_.nonce) {
            (void)view.add(market_key(CellKind::kDust, MarketId{4711}), 1);
        }
    }

    PlantedFault fault_;
};

/// What a faulty run of the log would leave: a digest file, and beside it who wrote it.
void write_faulty_digests(const std::string& log, const std::string& digests,
                          const PlantedFault& fault, const RunInfo& run, bool effects = true);

}  // namespace lockstep::test
