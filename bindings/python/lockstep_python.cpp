// The Python module: classes over the C interface.
#include <lockstep.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <python_result.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

/// One execution of one transaction, as Python sees it: the same object for all of a worker.
///
/// Threads: whoever holds the GIL, during the callback.
class Call {
  public:
    std::uint16_t status = 0;
    std::uint16_t refused_status = 0;
    std::uint64_t weight = 1;

    void open(ls_view* view, ls_call* raw) {
        view_ = view;
        raw_ = raw;
        changes_.clear();
        kept_.clear();
        status = refused_status = 0;
        weight = 1;
        flushed_ = refused_ = false;
    }
    /// Hands the changes over; they stay until the next call.
    void answer() {
        if (flushed_ && !refused_ && !changes_.empty()) {
            flush();
        }
        if (refused_) {
            ls_rollback(view_, start_);
            status = refused_status;
        } else if (!flushed_) {
            raw_->changes = changes_.data();
            raw_->change_count = changes_.size();
        }
        raw_->status = status;
        raw_->refused_status = refused_status;
        raw_->weight = weight;
    }
    void close() {
        view_ = nullptr;
        raw_ = nullptr;
    }

    [[nodiscard]] nb::object data() const { return shown(mine().transaction); }
    [[nodiscard]] std::uint32_t index() const { return mine().index; }
    [[nodiscard]] std::uint32_t worker() const { return mine().worker; }
    [[nodiscard]] nb::list values() const {
        nb::list out;
        for (std::size_t i = 0; i < mine().use_count; ++i) {
            out.append(shown(mine().values[i]));
        }
        return out;
    }
    void put(nb::bytes key, nb::bytes value) { change(LS_PUT, 0, key, value); }
    void erase(nb::bytes key) { change(LS_ERASE, 0, key, {}); }
    void emit(std::uint16_t type, nb::bytes bytes) { change(LS_EVENT, type, {}, bytes); }
    void add(nb::bytes key, const nb::int_& amount, const nb::object& lower,
             const nb::object& upper) {
        ls_change& added = change(LS_ADD_WITHIN, 0, key, {});
        added.amount = wide(amount);
        added.lower = lower.is_none() ? ls_int128{0, INT64_MIN} : wide(nb::int_(lower));
        added.upper = upper.is_none() ? ls_int128{UINT64_MAX, INT64_MAX} : wide(nb::int_(upper));
    }
    /// Reads what was not said ahead; sees the changes so far.
    [[nodiscard]] nb::object get(nb::bytes key) {
        static_cast<void>(mine());
        if (!changes_.empty()) {
            flush();
        }
        ls_bytes value{nullptr, 0};
        const ls_code code = ls_read(view_, bytes_of(key), &value);
        if (code == LS_MISUSE) {
            throw std::invalid_argument("lockstep: such a key cannot be");
        }
        if (code == LS_STOP || refused_) {
            throw Stopped();
        }
        return shown(value);
    }
    /// The execution is refused: unwinds Python's frames.
    struct Stopped : std::runtime_error {
        Stopped() : std::runtime_error("the execution is refused") {}
    };

  private:
    [[nodiscard]] const ls_call& mine() const {
        if (raw_ == nullptr) {
            throw std::runtime_error("lockstep: the call is over");
        }
        return *raw_;
    }
    ls_change& change(std::uint32_t kind, std::uint32_t event, nb::object key, nb::object value) {
        static_cast<void>(mine());
        ls_change made{};
        made.kind = kind;
        made.event = event;
        made.key = key.is_valid() ? bytes_of(nb::borrow<nb::bytes>(key)) : ls_bytes{nullptr, 0};
        made.value =
            value.is_valid() ? bytes_of(nb::borrow<nb::bytes>(value)) : ls_bytes{nullptr, 0};
        kept_.emplace_back(std::move(key), std::move(value));
        return changes_.emplace_back(made);
    }
    void flush() {
        if (!flushed_ && ls_savepoint(view_, &start_) != LS_OK) {
            throw Stopped();
        }
        flushed_ = true;
        const ls_code code = ls_write_many(view_, changes_.data(), changes_.size());
        changes_.clear();
        refused_ = refused_ || code == LS_REFUSED;
    }

    ls_view* view_ = nullptr;
    ls_call* raw_ = nullptr;
    std::vector<ls_change> changes_;
    std::vector<std::pair<nb::object, nb::object>> kept_;  ///< what the changes point to
    std::uint32_t start_ = 0;
    bool flushed_ = false;
    bool refused_ = false;
};

/// A state and a Python function.
class Chain {
  public:
    Chain(nb::callable execute, std::uint32_t executor, std::uint32_t workers)
        : execute_(std::move(execute)) {
        workers = workers == 0 ? 1 : workers;
        ls_machine machine{};
        machine.size = sizeof(machine);
        machine.abi = LS_ABI;
        machine.user = this;
        machine.execute = &Chain::call;
        ls_options options{};
        options.size = sizeof(options);
        options.executor = executor;
        options.workers = workers;
        ls_error error = no_error();
        if (ls_open(&options, &machine, &chain_, &error) != LS_OK) {
            refuse(error);
        }
        for (std::uint32_t i = 0; i < workers; ++i) {
            calls_.push_back(nb::cast(new Call(), nb::rv_policy::take_ownership));
        }
    }
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;
    ~Chain() { ls_close(chain_); }

    void load(const nb::dict& cells) {
        std::vector<ls_change> changes;
        for (const auto& [key, value] : cells) {
            ls_change& change = changes.emplace_back();
            change.kind = value.is_none() ? LS_ERASE : LS_PUT;
            change.key = bytes_of(nb::cast<nb::bytes>(key));
            change.value =
                value.is_none() ? ls_bytes{nullptr, 0} : bytes_of(nb::cast<nb::bytes>(value));
        }
        ls_error error = no_error();
        if (ls_load(chain_, changes.data(), changes.size(), &error) != LS_OK) {
            refuse(error);
        }
    }
    [[nodiscard]] nb::object get(const nb::bytes& key) const {
        ls_bytes value{nullptr, 0};
        ls_get(chain_, bytes_of(key), &value);
        return shown(value);
    }
    [[nodiscard]] nb::list items() const {
        nb::list out;
        const auto visit = [](void* user, ls_bytes key, ls_bytes value) {
            static_cast<nb::list*>(user)->append(nb::make_tuple(shown(key), shown(value)));
            return ls_code{LS_OK};
        };
        ls_for_each(chain_, {nullptr, 0}, {nullptr, 0}, SIZE_MAX, visit, &out, nullptr);
        return out;
    }
    void revert(const Result& result) {
        ls_error error = no_error();
        if (ls_revert(chain_, result.raw(), &error) != LS_OK) {
            refuse(error);
        }
    }
    void apply(const Result& result) {
        ls_error error = no_error();
        if (ls_apply(chain_, result.raw(), &error) != LS_OK) {
            refuse(error);
        }
    }
    Result* execute(std::uint64_t height, const nb::list& transactions, bool complete,
                    std::int64_t time_ms, std::uint64_t weight_limit, bool keep, bool diff) {
        std::deque<std::vector<ls_use>> uses;
        std::vector<ls_transaction> all;
        std::vector<nb::object> kept;
        for (const nb::handle item : transactions) {
            const auto pair = nb::cast<nb::tuple>(item);
            std::vector<ls_use>& list = uses.emplace_back();
            kept.push_back(pair);
            for (const nb::handle use : pair[1]) {
                const auto named = nb::cast<nb::tuple>(use);
                kept.push_back(named);
                list.push_back({bytes_of(nb::cast<nb::bytes>(named[0])),
                                nb::cast<std::uint32_t>(named[1]), 0});
            }
            all.push_back({bytes_of(nb::cast<nb::bytes>(pair[0])), list.data(), list.size()});
        }
        const ls_block block{sizeof(block), complete ? std::uint32_t{LS_COMPLETE} : 0U,
                             height,        time_ms,
                             weight_limit,  all.data(),
                             all.size()};
        ls_result* result = nullptr;
        ls_error error = no_error();
        ls_code code = LS_OK;
        {
            const nb::gil_scoped_release others;
            code = ls_execute(
                chain_, &block,
                (keep ? 0U : std::uint32_t{LS_DISCARD}) | (diff ? std::uint32_t{LS_DIFF} : 0U),
                &result, &error);
        }
        if (code != LS_OK) {
            refuse(error);
        }
        return new Result(result);
    }

  private:
    static ls_code call(void* user, ls_view* view, ls_call* raw) {
        auto* const self = static_cast<Chain*>(user);
        const nb::gil_scoped_acquire python;
        auto& call = nb::cast<Call&>(self->calls_[raw->worker]);
        call.open(view, raw);
        ls_code code = LS_OK;
        try {
            self->execute_(self->calls_[raw->worker]);
        } catch (nb::python_error& error) {
            // A KeyboardInterrupt is no fault of the transaction.
            code = error.matches(PyExc_Exception) ? LS_FAULT : LS_FAILED;
        } catch (...) {
            code = LS_FAULT;
        }
        if (code == LS_OK) {
            call.answer();
        }
        call.close();
        return code;
    }

    nb::callable execute_;
    ls_chain* chain_ = nullptr;
    std::vector<nb::object> calls_;  ///< of the workers
};

}  // namespace

NB_MODULE(lockstep, module) {
    module.doc() = "Executes blocks of opaque transactions over byte keys in parallel.";
    nb::exception<Call::Stopped>(module, "Stopped");
    module.attr("READ") = std::uint32_t{LS_USE_READ};
    module.attr("WRITE") = std::uint32_t{LS_USE_WRITE};
    module.attr("OVERWRITE") = std::uint32_t{LS_USE_OVERWRITE};
    module.attr("ADD") = std::uint32_t{LS_USE_ADD};
    module.attr("ADAPTIVE") = std::uint32_t{LS_ADAPTIVE};
    module.attr("PARALLEL") = std::uint32_t{LS_PARALLEL};
    module.attr("SERIAL") = std::uint32_t{LS_SERIAL};
    nb::class_<Call>(module, "Call", "One execution of one transaction.")
        .def_prop_ro("data", &Call::data)
        .def_prop_ro("index", &Call::index)
        .def_prop_ro("worker", &Call::worker)
        .def_prop_ro("values", &Call::values, "Of the keys that it uses; None: absent.")
        .def_rw("status", &Call::status)
        .def_rw("refused_status", &Call::refused_status)
        .def_rw("weight", &Call::weight)
        .def("put", &Call::put, "key"_a, "value"_a)
        .def("erase", &Call::erase, "key"_a)
        .def("add", &Call::add, "key"_a, "amount"_a, "lower"_a = nb::none(), "upper"_a = nb::none(),
             "Adds to a number of 16 bytes, if the sum fits the bounds.")
        .def("emit", &Call::emit, "type"_a, "bytes"_a)
        .def("get", &Call::get, "key"_a, "Reads a key that was not said ahead.");
    nb::class_<Result>(module, "Result", "What a block put out.")
        .def_prop_ro("state", &Result::state)
        .def_prop_ro("block", &Result::block)
        .def("__len__", &Result::size)
        .def("effects", &Result::effects, "index"_a)
        .def("events", &Result::events, "index"_a)
        .def_prop_ro("diff", &Result::diff,
                     "What the block changed, of execute(diff=True): key, before, after.")
        .def_prop_ro("statuses",
                     [](nb::handle self) { return Result::column(self, &ls_receipt::status); })
        .def_prop_ro(
            "dispositions",
            [](nb::handle self) { return Result::column(self, &ls_receipt::disposition); },
            "0 executed, 1 skipped, 2 faulted")
        .def_prop_ro("weights",
                     [](nb::handle self) { return Result::column(self, &ls_receipt::weight); });
    nb::class_<Chain>(module, "Chain", "A state and a machine: execute(call).")
        .def(nb::init<nb::callable, std::uint32_t, std::uint32_t>(), "execute"_a,
             "executor"_a = std::uint32_t{LS_ADAPTIVE}, "workers"_a = 1)
        .def("load", &Chain::load, "cells"_a, "Sets cells between blocks; None erases.")
        .def("get", &Chain::get, "key"_a)
        .def("items", &Chain::items, "All cells in the order of their keys.")
        .def(
            "execute", &Chain::execute, "height"_a, "transactions"_a, "complete"_a = false,
            "time_ms"_a = 0, "weight_limit"_a = 0, "keep"_a = true, "diff"_a = false,
            nb::rv_policy::take_ownership,
            "Executes pairs of data and [(key, kind)]; a block that fails leaves the state, and so "
            "does one with keep=False.")
        .def("revert", &Chain::revert, "result"_a, "Takes the last block back, by its diff.")
        .def("apply", &Chain::apply, "result"_a, "Makes a block the last one, by its diff.");
}
